package main

import (
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// The pieces of anything follow upon each other without a gap, and add up to the
// whole; the lax cut refines the other; how the bytes come does not matter; what
// is held does not grow with the input.
func FuzzPieces(f *testing.F) {
	const mail = "From: a@a.example\nTo: b@b.example\nSubject: s\nMessage-ID: <1@a>\n\nbody\n"
	f.Add([]byte(fromDate+mail), uint16(1))
	f.Add([]byte(fromDate+mail+"\n"+fromDate+mail), uint16(3))
	f.Add([]byte(fromDate+mail+"\nFrom x\n"+mail), uint16(2000))
	f.Add([]byte("\r\n\r\nFrom - \r\nA:b\r\n\r\n"), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, times uint16) {
		text := string(data)
		if len(data) > 0 { // beyond the window, too
			text = strings.Repeat(text, 1+min(int(times), 2*mboxWindow/len(data)))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		strict := offsets(t, text, false)
		runtime.ReadMemStats(&after)
		// A window, a date's words for each "From " line, and the offsets.
		bound := uint64(mboxWindow + 64<<10 + 64*strings.Count(text, "From ")*mboxLine)
		if got := after.TotalAlloc - before.TotalAlloc; got > bound {
			t.Errorf("%d bytes allocated for %d, bound is %d", got, len(text), bound)
		}
		lax := offsets(t, text, true)
		for at := range strict {
			if !lax[at] {
				t.Errorf("the lax cut has none at %d", at)
			}
		}
		halves := 0
		for p, err := range pieces(iotest.HalfReader(strings.NewReader(text)), false) {
			if err != nil || !strict[p.start] {
				t.Fatalf("read in pieces: cut at %d, %v", p.start, err)
			}
			halves++
		}
		if halves != len(strict) {
			t.Errorf("%d pieces, %d if read in pieces", len(strict), halves)
		}
	})
}

// offsets checks that the pieces add up, and returns where they start.
func offsets(t *testing.T, text string, lax bool) map[int64]bool {
	starts := map[int64]bool{}
	var at int64
	for p, err := range pieces(strings.NewReader(text), lax) {
		if err != nil {
			t.Fatal(err)
		}
		if p.start != at || p.end <= p.start {
			t.Fatalf("piece from %d to %d follows upon %d", p.start, p.end, at)
		}
		starts[p.start] = true
		at = p.end
	}
	if at != int64(len(text)) {
		t.Fatalf("pieces end at %d of %d", at, len(text))
	}
	return starts
}
