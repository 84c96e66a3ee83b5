package zlib

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"math/rand/v2"
	"strings"
	"testing"
)

// streamOf compresses at a level, with a dictionary if there is one.
func streamOf(t testing.TB, body string, level int, dict []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevelDict(&b, level, dict)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(body))
	w.Close()
	return b.Bytes()
}

func TestStreams(t *testing.T) {
	for _, body := range []string{"", "x", "a short text", strings.Repeat("a longer text with other words ", 300), string(noise(5000))} {
		for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.BestCompression, flate.HuffmanOnly} {
			b := streamOf(t, body, level, nil)
			if !Begins(b) || !Surely(b) {
				t.Errorf("%.20q at level %d: %v, %v", body, level, Begins(b), Surely(b))
			}
			if cut := b[:len(b)-4]; len(body) > 0 && !Begins(cut) {
				t.Errorf("%.20q at level %d without its checksum", body, level)
			}
		}
	}
	text := make([]byte, 3000)
	for i, c := range noise(len(text)) {
		text[i] = "the quick brown fox"[int(c)%19]
	}
	b := streamOf(t, string(text), 9, []byte("other words"))
	if b[1]&Preset == 0 || !Begins(b) || !Surely(b) {
		t.Errorf("with a dictionary: %v, %v", Begins(b), Surely(b))
	}
}

// TestTexts: what texts begin with is no stream beyond doubt.
func TestTexts(t *testing.T) {
	words := "the quick brown fox jumps over the lazy dog, 0123456789 and Then some (of it) "
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, begin := range []string{"x^", "x ", "HK", "Hj", "H,", "X(", "XG", "Xf", "h$", "hC", "hb", "80", "8O", "8n", "(4", "(S", "(r", "x\x9c", "x\xda"} {
		if b := []byte(begin); begin != "x " && !Header(b) {
			t.Errorf("%q is no header", begin)
		}
		for range 3000 {
			b := []byte(begin)
			for n := rnd.IntN(200); n > 0; n-- {
				b = append(b, words[rnd.IntN(len(words))])
			}
			if Surely(b) {
				t.Errorf("%q", b)
			}
		}
	}
}

// TestNoise: noise behind a header is seldom a stream, and never beyond doubt.
func TestNoise(t *testing.T) {
	begins := 0
	const rounds = 20_000
	for i := range rounds {
		b := append([]byte{0x78, []byte{0x01, 0x5e, 0x9c, 0xda, 0xbb}[i%5]}, noise(200)...)
		if Begins(b) {
			begins++
		}
		if Surely(b) {
			t.Errorf("%x", b)
		}
	}
	t.Logf("%d of %d may begin one", begins, rounds)
	if begins > rounds/30 {
		t.Error("too many")
	}
}

var source = rand.New(rand.NewPCG(1, 2))

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(source.Uint32())
	}
	return b
}
