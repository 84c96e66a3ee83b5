package stuffit

import (
	"errors"
	"hash/crc32"
	"math/big"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// arithmetic is the coder that unarsenic decodes. Its numbers have no end.
type arithmetic struct {
	low     big.Int
	scale   int
	shifted int
	initial *model
}

func (w *arithmetic) put(m *model, symbol int) {
	i := symbol - m.first
	unit, low := w.scale/m.sum, 0
	for _, n := range m.counts[:i] {
		low += n
	}
	w.low.Add(&w.low, big.NewInt(int64(unit*low)))
	if low+m.counts[i] == m.sum {
		w.scale -= unit * low
	} else {
		w.scale = unit * m.counts[i]
	}
	for w.scale <= codeHalf {
		w.scale <<= 1
		w.low.Lsh(&w.low, 1)
		w.shifted++
	}
	m.met(i)
}

func (w *arithmetic) number(n uint32, bits int) {
	for i := range bits {
		w.put(w.initial, int(n>>i&1))
	}
}

// runsOf packs runs of four and more as the method does.
func runsOf(body string) (out []byte) {
	for i := 0; i < len(body); {
		n := 1
		for n < 4+255 && i+n < len(body) && body[i+n] == body[i] {
			n++
		}
		i += n
		for range min(n, 4) {
			out = append(out, body[i-1])
		}
		if n >= 4 {
			out = append(out, byte(n-4))
		}
	}
	return out
}

// arsenicOf packs a body in blocks of as many bytes as places of some bits tell apart.
// Every second block is randomised.
func arsenicOf(body string, width int) []byte {
	w := &arithmetic{scale: codeOne, initial: newModel(0, 1, 1, 256)}
	selector := newModel(0, selEnd, 8, 1024)
	var places [7]*model
	for i, step := range [...]int{8, 4, 4, 4, 2, 2, 1} {
		places[i] = newModel(2<<i, 4<<i-1, step, 1024)
	}
	w.number('A', 8)
	w.number('s', 8)
	w.number(uint32(width-9), 4)
	sum := crc32.ChecksumIEEE([]byte(body))
	flag := func(set bool) {
		if set {
			w.put(w.initial, 1)
		} else {
			w.put(w.initial, 0)
		}
	}
	flag(body == "")
	for k := 0; body != ""; k++ {
		n := min(len(body), (1<<width)*4/5)
		block := runsOf(body[:n])
		body = body[n:]
		if k%2 == 1 {
			for at, index := int(shuffle[0]), 0; at < len(block); at += int(shuffle[index]) {
				block[at] ^= 1
				index = (index + 1) & 0xff
			}
		}
		flag(k%2 == 1)
		turned := string(block) + string(block)
		order := make([]int, len(block))
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(i, j int) bool {
			return turned[order[i]:order[i]+len(block)] < turned[order[j]:order[j]+len(block)]
		})
		origin := 0
		list := make([]byte, 256)
		for i := range list {
			list[i] = byte(i)
		}
		var moved []int
		for row, from := range order {
			if from == 0 {
				origin = row
			}
			b := block[(from+len(block)-1)%len(block)]
			at := strings.IndexByte(string(list), b)
			copy(list[1:at+1], list[:at])
			list[0] = b
			moved = append(moved, at)
		}
		w.number(uint32(origin), width)
		zeros := 0
		flush := func() {
			for ; zeros > 0; zeros = (zeros - 1) / 2 {
				w.put(selector, (zeros-1)%2)
			}
		}
		for _, at := range moved {
			if at == 0 {
				zeros++
				continue
			}
			flush()
			if at == 1 {
				w.put(selector, selOne)
				continue
			}
			for i, m := range places {
				if at < 4<<i {
					w.put(selector, selOne+1+i)
					w.put(m, at)
					break
				}
			}
		}
		flush()
		w.put(selector, selEnd)
		selector.reset()
		for _, m := range places {
			m.reset()
		}
		flag(body == "")
	}
	w.number(sum, 32)
	bits := codeBits + w.shifted
	w.low.Lsh(&w.low, uint(-bits&7))
	return w.low.FillBytes(make([]byte, (bits+7)/8))
}

func arsenicBodies() map[string]string {
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(i * i * i / 7)
	}
	return map[string]string{
		"one": "x", "short": archivetest.Payload, "runs": strings.Repeat("a", 2000) + strings.Repeat("\x00", 300) + "bbbb" + strings.Repeat("c", 259),
		"text": archivetest.Text(4000), "noise": string(noise),
	}
}

func TestArsenic(t *testing.T) {
	for name, body := range arsenicBodies() {
		for _, width := range []int{9, 12} {
			data := forgeFive(forged{name: "a.txt", data: forgedFork{body: body, method: arsenic, packed: string(arsenicOf(body, width))}})
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil || len(all) != 1 || all[0].Data != body || all[0].Fault != nil || len(archivetest.NoteNames(all, r)) > 0 {
				t.Errorf("%s, %d bits: %v\n%s", name, width, err, archivetest.Listing(all))
			}
		}
	}
	wrong := arsenicOf("a body", 9)
	wrong[len(wrong)-6] ^= 0x10 // the last 26 bits are only looked ahead at
	all, r, _ := archivetest.ReadAll(t, Format, forgeOld(forged{name: "a", data: forgedFork{body: "a body", method: arsenic, packed: string(wrong)}}))
	if len(all) != 1 || all[0].Data != "a body" || !errors.Is(all[0].Fault, level.ErrMalformed) || archivetest.NoteNames(all, r)[0] != anomaly.CRC {
		t.Errorf("wrong checksum:\n%s", archivetest.Listing(all))
	}
}

// TestArsenicUnar has The Unarchiver read what is forged here.
func TestArsenicUnar(t *testing.T) {
	for name, body := range arsenicBodies() {
		path := filepath.Join(t.TempDir(), "a.sit")
		if err := os.WriteFile(path, forgeFive(forged{name: "a.txt", data: forgedFork{body: body, method: arsenic, packed: string(arsenicOf(body, 10))}}), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := archivetest.Tool(t, "", "unar", "-q", "-o", "-", path); string(got) != body {
			t.Errorf("%s: %d bytes of %d", name, len(got), len(body))
		}
	}
}

// TestArsenicMemory: a block is not held beyond the limit.
func TestArsenicMemory(t *testing.T) {
	body := archivetest.Text(3000)
	data := forgeFive(forged{name: "a.txt", data: forgedFork{body: body, method: arsenic, packed: string(arsenicOf(body, 12))}})
	r, err := level.Open(Format, strings.NewReader(string(data)), int64(len(data)), level.Limits{Dictionary: 8000})
	if err != nil {
		t.Fatal(err)
	}
	r.Next()
	if _, err := r.Read(make([]byte, 10)); !errors.Is(err, level.ErrLimit) {
		t.Error(err)
	}
}
