package stuffit

import (
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// lowBits writes the lowest bit first.
type lowBits struct {
	out []byte
	n   int
}

func (w *lowBits) put(v uint32, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// word is a symbol's code, its highest bit first.
type word struct {
	code uint32
	bits int
}

func (w *lowBits) word(c word) {
	for i := c.bits - 1; i >= 0; i-- {
		w.put(c.code>>i&1, 1)
	}
}

// wordsOf are the codes of some lengths.
func wordsOf(lengths []int8) []word {
	words := make([]word, len(lengths))
	code := uint32(0)
	for n := 1; n <= longest; n++ {
		code <<= 1
		for s, l := range lengths {
			if int(l) == n {
				words[s] = word{code, n}
				code++
			}
		}
	}
	return words
}

// ownLengths writes a code whose symbols all have one length, but for the last ones.
func (w *lowBits) ownLengths(symbols int) []int8 {
	lengths := make([]int8, symbols)
	width := bits.Len(uint(symbols - 1))
	short := 1<<width - symbols // as many symbols have one bit less
	meta := func(s int) { w.put(metaCode[s].word, int(metaCode[s].bits)) }
	before := int8(0)
	for i := 0; i < symbols; i++ {
		lengths[i] = int8(width)
		if i < short {
			lengths[i]--
		}
		switch {
		case lengths[i] == before && i+11 < min(symbols, max(short, i+12)) && (i >= short || i+11 < short):
			meta(metaMany)
			w.put(0, 6)
			for k := range 11 {
				lengths[i+k] = before
			}
			i += 10
		case lengths[i] == before+1 && i > 0:
			meta(metaUp)
		default:
			meta(int(lengths[i]) - 1)
		}
		before = lengths[i]
	}
	return lengths
}

// method13Of packs a body with a set of codes, 0 for its own, with the mark of the end
// or without.
func method13Of(body string, set int, end bool) []byte {
	var w lowBits
	var first, second, distances []int8
	w.put(uint32(set)<<4|6, 8)
	if set == 0 {
		first, second, distances = w.ownLengths(m13Symbols), w.ownLengths(m13Symbols), w.ownLengths(16)
	} else {
		f := fixedCodes[set-1]
		first, second, distances = fixedLengths(f.first), fixedLengths(f.second), fixedLengths(f.distances)
	}
	now, other, places := wordsOf(first), wordsOf(second), wordsOf(distances)
	literal, matched := now, other
	most := 1 << (len(distances) - 1)
	last := map[string]int{}
	for i := 0; i < len(body); {
		n, from := 0, 0
		if i+3 <= len(body) {
			if at, ok := last[body[i:i+3]]; ok && i-at < most {
				for from = at; n < 20_000 && i+n < len(body) && body[from+n] == body[i+n]; n++ {
				}
			}
			last[body[i:i+3]] = i
		}
		if n < 3 {
			w.word(now[body[i]])
			now = literal
			i++
			continue
		}
		switch {
		case n < 65:
			w.word(now[m13Match+n-3])
		case n < 65+1<<10:
			w.word(now[m13Long])
			w.put(uint32(n-65), 10)
		default:
			w.word(now[m13Longest])
			w.put(uint32(n-65), 15)
		}
		now = matched
		d := i - from - 1
		width := bits.Len(uint(d))
		w.word(places[width])
		if width > 1 {
			w.put(uint32(d-1<<(width-1)), width-1)
		}
		i += n
	}
	if end {
		w.word(now[m13End])
	}
	return w.out
}

func TestMethod13(t *testing.T) {
	for set := range len(fixedCodes) + 1 {
		for name, body := range archivetest.Bodies() {
			if body == "" {
				continue
			}
			for _, end := range []bool{true, false} {
				data := forgeFive(forged{name: "a.txt", data: forgedFork{body: body, method: lzHuff, packed: string(method13Of(body, set, end))}})
				all, _, err := archivetest.ReadAll(t, Format, data)
				if err != nil || len(all) != 1 || !strings.HasPrefix(all[0].Data, body) || all[0].Fault != nil || end && len(all[0].Data) != len(body) {
					t.Errorf("set %d, %s: %v\n%s", set, name, err, archivetest.Listing(all))
				}
			}
		}
	}
}

// TestMethod13Unar has The Unarchiver read what is forged here.
func TestMethod13Unar(t *testing.T) {
	body := archivetest.Text(20_000)
	for set := range len(fixedCodes) + 1 {
		path := filepath.Join(t.TempDir(), "a.sit")
		if err := os.WriteFile(path, forgeFive(forged{name: "a.txt", data: forgedFork{body: body, method: lzHuff, packed: string(method13Of(body, set, true))}}), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := archivetest.Tool(t, "", "unar", "-q", "-o", "-", path); string(got) != body {
			t.Errorf("set %d: %d bytes of %d", set, len(got), len(body))
		}
	}
}
