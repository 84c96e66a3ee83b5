package unace

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func decode(t *testing.T, data []byte, want string, blocked bool) {
	t.Helper()
	open := NewDecoder(MaxWindow).LZ77
	if blocked {
		open = NewDecoder(MaxWindow).Blocked
	}
	got, err := io.ReadAll(open(bytes.NewReader(data), int64(len(want))))
	if err != nil || string(got) != want {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		t.Fatalf("%d bytes of %d, equal up to %d, %v", len(got), len(want), at, err)
	}
}

func TestLZ77(t *testing.T) {
	for name, body := range map[string]string{
		"short": "a", "run": strings.Repeat("a", 100_000), "prose": prose(200_000), "noise": noise(50_000),
		"far": noise(300_000)[:150_000] + prose(90_000) + noise(300_000)[:150_000],
	} {
		t.Run(name, func(t *testing.T) {
			var e encoder
			e.lz("", body)
			decode(t, e.bytes(), body, false)
			decode(t, e.bytes(), body, true)
		})
	}
}

// TestSolid has a member in the dictionary of which the one before lies.
func TestSolid(t *testing.T) {
	first, second := prose(70_000), prose(70_000)[1000:60_000]
	var a, b encoder
	a.lz("", first)
	b.lz(first, second)
	for _, clone := range []bool{false, true} {
		d := NewDecoder(MaxWindow)
		io.Copy(io.Discard, d.LZ77(bytes.NewReader(a.bytes()), int64(len(first))))
		if clone {
			d = d.Clone()
		}
		got, err := io.ReadAll(d.LZ77(bytes.NewReader(b.bytes()), int64(len(second))))
		if err != nil || string(got) != second {
			t.Errorf("%d bytes of %d, %v", len(got), len(second), err)
		}
	}
	d := NewDecoder(MaxWindow)
	d.Put([]byte(first))
	if got, err := io.ReadAll(d.LZ77(bytes.NewReader(b.bytes()), int64(len(second)))); err != nil || string(got) != second {
		t.Errorf("behind a stored member: %d bytes of %d, %v", len(got), len(second), err)
	}
}

// program has calls and jumps in it, also at the ends of blocks.
func program(n int) string {
	return strings.Repeat("some code \xe8\x10\x20\x30\x40 and \xe9\x01\x02 and \xe8", n) + " the end"
}

// TestBlocks goes through all modes, and back to each.
func TestBlocks(t *testing.T) {
	var e encoder
	var want string
	last := byte(0)
	lz := func(body, packed string) {
		e.lz("", packed)
		want += body
	}
	lz(prose(1000), prose(1000))
	for range 2 {
		e.mode(modeDelta, 4, 400)
		for _, body := range []string{wave(400), prose(400)} {
			lz(body, tables(body, 4, &last))
		}
		e.mode(modeProgram, 1)
		code := program(300)
		packed := absolute(code, len(want), false)
		cut := strings.LastIndex(code, "\x10\x20") // within an instruction
		lz(code[:cut], packed[:cut])
		e.mode(modeProgram, 1)
		lz(code[cut:], packed[cut:])
		e.mode(modeProgram, 0)
		lz(program(200), absolute(program(200), len(want), true))
		e.mode(modeSound8)
		for kind := byte(modeSound8); kind <= modeSound32B; kind++ {
			want += wave(5000) + noise(999)
			e.sounds(kind, wave(5000)+noise(999), kind+1)
		}
		want += wave(60*50) + noise(600)
		e.pictures(wave(60*50)+noise(600), 60, 4, modeSound32B)
		want += wave(100)
		e.sounds(modeSound32B, wave(100), modeLZ77)
		lz(prose(500), prose(500))
	}
	decode(t, e.bytes(), want, true)
	r := NewDecoder(MaxWindow).Blocked(bytes.NewReader(e.bytes()), int64(len(want)))
	if err := iotest.TestReader(r, []byte(want)); err != nil {
		t.Error(err)
	}
	for n := 0; n < len(e.bytes()); n += 4001 {
		got, err := io.ReadAll(NewDecoder(MaxWindow).Blocked(bytes.NewReader(e.bytes()[:n]), int64(len(want))))
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(want, string(got[:max(0, len(got)-5)])) {
			t.Errorf("cut to %d: %d bytes, %v", n, len(got), err)
		}
	}
}

func TestFaults(t *testing.T) {
	body := prose(3000)
	far := noise(10_000)
	for name, c := range map[string]struct {
		make    func(e *encoder)
		blocked bool
		window  int64
		want    error
	}{
		"mode of version 2": {func(e *encoder) { e.lz("", body); e.mode(modeLZ77) }, false, MaxWindow, ErrCorrupt},
		"unknown mode":      {func(e *encoder) { e.mode(8) }, true, MaxWindow, ErrCorrupt},
		"no planes":         {func(e *encoder) { e.mode(modeDelta, 0, 100) }, true, MaxWindow, ErrCorrupt},
		"empty planes":      {func(e *encoder) { e.mode(modeDelta, 5, 4) }, true, MaxWindow, ErrCorrupt},
		"wide picture":      {func(e *encoder) { e.mode(modePicture); e.golomb(2<<20, 12); e.golomb(3, 2) }, true, MaxWindow, ErrWork},
		"distance":          {func(e *encoder) { e.lz("", far+far[:3000]) }, false, 1 << 12, ErrWindow},
		"end":               {func(e *encoder) { e.lz("", body) }, false, MaxWindow, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			var e encoder
			c.make(&e)
			d := NewDecoder(c.window)
			open := d.LZ77
			if c.blocked {
				open = d.Blocked
			}
			if _, err := io.ReadAll(open(bytes.NewReader(e.bytes()), 1<<40)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	source := errors.New("disk on fire")
	if _, err := io.ReadAll(NewDecoder(0).LZ77(iotest.ErrReader(source), 10)); !errors.Is(err, source) {
		t.Error(err)
	}
}

// TestWork has blocks of one symbol: what building their codes takes is bounded.
func TestWork(t *testing.T) {
	var e encoder
	for range 2000 {
		e.token(token{symbol: 'x', length: -1})
		e.flush()
	}
	d := NewDecoder(MaxWindow)
	d.work = 1 << 20
	n, err := io.Copy(io.Discard, d.LZ77(bytes.NewReader(e.bytes()), 1<<40))
	if !errors.Is(err, ErrWork) || n < 50 || n > 100 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestComment(t *testing.T) {
	var e encoder
	text := "abcabc and more"
	counts := make([]int, lzMain+1)
	for _, b := range []byte(text) {
		counts[b]++
	}
	counts[256]++
	e.put(uint64(len(text)+2), 15)
	c := e.code(widthsOf(counts, lzWidth), lzWidth)
	word, width := c.words(len(counts))
	put := func(s int) { e.put(word[s], width[s]) }
	for _, b := range []byte(text[:6]) {
		put(int(b))
	}
	put(256) // what followed the sum of "bc" before
	for _, b := range []byte(text[6:]) {
		put(int(b))
	}
	if got, ok := Comment(e.bytes()); !ok || string(got) != "abcabcab and more" {
		t.Errorf("%q %v", got, ok)
	}
	if got, ok := Comment(e.bytes()[:len(e.bytes())-8]); ok || !strings.HasPrefix("abcabcab and more", string(got)) {
		t.Errorf("cut: %q %v", got, ok)
	}
}

func FuzzReader(f *testing.F) {
	var all encoder
	all.lz("", prose(300))
	all.mode(modeDelta, 2, 20)
	all.lz("", wave(20))
	all.mode(modeProgram, 1)
	all.lz("", program(4))
	all.mode(modeSound16)
	all.sounds(modeSound16, wave(100), modePicture)
	all.pictures(wave(100), 10, 3, modeLZ77)
	all.lz("", "the end")
	f.Add(all.bytes(), true)
	var plain encoder
	plain.lz("", prose(300))
	f.Add(plain.bytes(), false)
	f.Fuzz(func(t *testing.T, data []byte, blocked bool) {
		d := NewDecoder(64 << 10)
		open := d.LZ77
		if blocked {
			open = d.Blocked
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, open(bytes.NewReader(data), 1<<20))
		runtime.ReadMemStats(&after)
		if n < 1<<20 && err == nil {
			t.Fatal("no error")
		}
		// Two rows of a picture, the table of modeDelta and the decoder itself.
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20+uint64(len(data)) {
			t.Fatalf("%d bytes allocated", used)
		}
		Comment(data)
	})
}

func BenchmarkReader(b *testing.B) {
	body := prose(1 << 20)
	var lz, snd, pic encoder
	lz.lz("", body)
	snd.mode(modeSound32A)
	snd.sounds(modeSound32A, noise(1<<18), 0)
	pic.mode(modePicture)
	pic.pictures(noise(1<<18), 1<<10, 3, 0)
	for name, c := range map[string]struct {
		data []byte
		n    int64
	}{"lz77": {lz.bytes(), 1 << 20}, "sound": {snd.bytes(), 1 << 18}, "picture": {pic.bytes(), 1 << 18}} {
		b.Run("mode="+name, func(b *testing.B) {
			b.SetBytes(c.n)
			b.ReportAllocs()
			for b.Loop() {
				if n, err := io.Copy(io.Discard, NewDecoder(MaxWindow).Blocked(bytes.NewReader(c.data), c.n)); n != c.n || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
