package archivetest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Bounds of one fuzz run.
const (
	FuzzMembers = 300     // Limits.Members
	FuzzOutput  = 1 << 20 // decoded bytes that are read in all
)

// FuzzRead reads a container within the bounds and checks what must hold for any
// input. It returns the bodies that were read to their end, and whether all was
// read.
func FuzzRead(t *testing.T, f *level.Format, data []byte, decoder uint64) (bodies map[string]bool, complete bool) {
	return FuzzReadLimits(t, f, data, decoder, level.Limits{Members: FuzzMembers})
}

// FuzzReadLimits is FuzzRead with other limits.
func FuzzReadLimits(t *testing.T, f *level.Format, data []byte, decoder uint64, limits level.Limits) (bodies map[string]bool, complete bool) {
	var before, after runtime.MemStats
	sink := make([]byte, 8<<10)
	bodies = map[string]bool{}
	left := FuzzOutput
	var kept bytes.Buffer
	kept.Grow(FuzzOutput + len(sink))

	runtime.ReadMemStats(&before)
	r, err := level.Open(f, bytes.NewReader(data), int64(len(data)), limits)
	if err != nil {
		classes := []error{level.ErrFormat, level.ErrMalformed, level.ErrUnsupported, level.ErrEncrypted, level.ErrLimit}
		if !slices.ContainsFunc(classes, func(class error) bool { return errors.Is(err, class) }) {
			t.Fatalf("Open: class of %v", err)
		}
		return nil, false
	}
	type body struct{ from, to int }
	var ends []body
	members := 0
	for left > 0 {
		m, err := r.Next()
		if err != nil {
			complete = err == io.EOF
			if !complete && !errors.Is(err, level.ErrLimit) && !errors.Is(err, level.ErrMalformed) && !errors.Is(err, level.ErrUnsupported) && !errors.Is(err, level.ErrEncrypted) {
				t.Fatalf("Next: class of %v", err)
			}
			if _, again := r.Next(); again != err {
				t.Fatalf("Next is not sticky: %v, then %v", err, again)
			}
			break
		}
		if members++; members > FuzzMembers {
			t.Fatal("more members than Limits allow")
		}
		from := kept.Len()
		for left > 0 {
			n, err := r.Read(sink)
			if n > 0 && m.Err != nil {
				t.Fatal("bytes of a member with Err")
			}
			left -= n
			kept.Write(sink[:n])
			if err != nil {
				if err != io.EOF && m.Err == nil && !errors.Is(err, level.ErrMalformed) && !errors.Is(err, level.ErrUnsupported) && !errors.Is(err, level.ErrLimit) && !errors.Is(err, level.ErrEncrypted) {
					t.Fatalf("Read: class of %v", err)
				}
				break
			}
		}
		ends = append(ends, body{from, kept.Len()})
	}
	r.Close()
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, decoder+1<<20+256*uint64(len(data)); used > most {
		t.Fatalf("%d bytes allocated for %d of input", used, len(data))
	}
	for _, b := range ends {
		bodies[kept.String()[b.from:b.to]] = true
	}
	return bodies, complete && left > 0
}

// MutatePDF changes some bytes, or cuts, repeats or inserts some.
func MutatePDF(rnd *rand.Rand, data []byte) []byte {
	data = bytes.Clone(data)
	for range 1 + rnd.IntN(6) {
		at := rnd.IntN(len(data))
		n := min(1+rnd.IntN(40), len(data)-at)
		switch rnd.IntN(6) {
		case 0:
			data[at] = byte(rnd.IntN(256))
		case 1:
			data[at] ^= 1 << rnd.IntN(8)
		case 2:
			data = slices.Delete(data, at, at+n)
		case 3:
			data = slices.Insert(data, at, data[at:at+n]...)
		case 4:
			if i := bytes.IndexAny(data[at:], "0123456789"); i >= 0 {
				data[at+i] = '0' + byte(rnd.IntN(10))
			}
		case 5:
			words := []string{"endstream", "endobj", "stream\n", "<<", ">>", "obj", " 0 R", "/Length 5", "xref", "trailer", "(", ")", "\r", "%"}
			data = slices.Insert(data, at, []byte(words[rnd.IntN(len(words))])...)
		}
		if len(data) == 0 {
			return []byte{'%'}
		}
	}
	return data
}

// MutateForged reads files that were forged and then damaged, under the bounds of a
// fuzz target. FIVEFIFTY_MUTATIONS says how many there are.
func MutateForged(t *testing.T, f *level.Format, inputs [][]byte, decoder uint64) {
	t.Helper()
	rounds := 2000
	if n, err := strconv.Atoi(os.Getenv("FIVEFIFTY_MUTATIONS")); err == nil {
		rounds = n
	}
	seed, _ := strconv.ParseUint(os.Getenv("FIVEFIFTY_SEED"), 10, 64)
	rnd := rand.New(rand.NewPCG(9, seed))
	for range rounds {
		data := MutatePDF(rnd, inputs[rnd.IntN(len(inputs))])
		if rnd.IntN(3) == 0 { // two of a kind in one file
			data = append(data, MutatePDF(rnd, inputs[rnd.IntN(len(inputs))])...)
		}
		data = bytes.Clone(data)
		if FuzzRead(t, f, data, decoder); t.Failed() {
			t.Fatalf("%s: %q", f, data)
		}
	}
}

// DecoderBytes is what decoding may take besides what a file's length explains, in
// bytes: buffers of decoders, one for each member, and the description of macros.
const DecoderBytes = 24 << 20
