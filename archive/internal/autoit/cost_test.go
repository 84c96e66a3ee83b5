package autoit

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// head is a record up to its body, with lengths of its strings and of the body.
func head(v *version, kinds, paths, packed uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(v.mark), kinds^v.kind.length)
	b = append(b, make([]byte, int64(min(kinds, 1))*v.unit)...)
	b = binary.LittleEndian.AppendUint32(b, paths^v.path.length)
	b = append(b, 0)
	b = binary.LittleEndian.AppendUint32(b, packed^v.size)
	return append(b, make([]byte, headBytes-5)...)
}

// TestCost has records that are many, or that are the same bytes.
func TestCost(t *testing.T) {
	for _, v := range versions {
		one := head(v, 1, 0, 0)
		for name, data := range map[string][]byte{
			"marks":       bytes.Repeat([]byte(v.mark), 1<<20),
			"records":     bytes.Repeat(one, 100_000),
			"overlaps":    bytes.Repeat(head(v, 1, 0, 1<<30), 50_000),
			"paths":       bytes.Repeat(head(v, 1, 1<<16-1, 1<<30), 50_000),
			"kinds":       append(bytes.Repeat(append([]byte(v.mark), 0xff^byte(v.kind.length), 0x7f^byte(v.kind.length>>8), 0, 0), 200_000), bytes.Repeat(one, 10)...),
			"signatures":  append(bytes.Repeat([]byte(signature), 100_000), one...),
			"both in one": bytes.Repeat(append(head(ea05, 1, 0, 1<<20), head(ea06, 1, 0, 1<<20)...), 20_000),
			"interpreter": append([]byte(warning), bytes.Repeat(one, 1000)...),
		} {
			if name == "marks" {
				data = append(data, one...)
			}
			t.Run(v.name+" "+name, func(t *testing.T) { archivetest.Cheap(t, Format, data) })
		}
	}
}

// Bodies that hold more than they take, and lengths that never end.
func TestBombs(t *testing.T) {
	for _, v := range versions {
		m := &maker{v: v}
		kind := "x"
		if v == ea06 {
			kind = tokens
		}
		for range 500 {
			m.files = append(m.files, made{kind, "x", strings.Repeat("\x7f", 100_000), false})
		}
		archivetest.Bomb(t, Format, m.make(), false)
		m.files = []made{{kind, "x", "", true}}
		m.forge = func(_ int, f *forged) {
			f.data = append(pack(v.name, "ab")[:packedHead], bytes.Repeat([]byte{0xff}, 1<<20)...)
			f.data[4], f.compressed, f.packed = 0x7f, 1, uint32(len(f.data))
		}
		archivetest.Cheap(t, Format, m.make())
	}
}

func FuzzAutoIt(f *testing.F) {
	for _, v := range versions {
		m := sample(v)
		m.before = ""
		f.Add(m.make())
		m.magic = signature + scripts + "EA07"
		m.method = "JB00"
		f.Add(m.make())
		f.Add(head(v, 1, 0, 10))
	}
	f.Add([]byte(signature + oldScript))
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.Detects(data, Format)
		archivetest.FuzzRead(t, Format, data, 16<<20)
	})
}

// FuzzBodies changes what is in the bodies, which are enciphered for it.
func FuzzBodies(f *testing.F) {
	script := tokensOf([]any{word{tokenKeyword, 4}, text8{0x33, "A"}, ">=", int32(-3), text8{tokenString, `say "é😀"`}, 0.5})
	f.Add([]byte(script), byte(0))
	f.Add(pack("EA06", script), byte(1))
	f.Add(pack("EA05", archivetest.Payload), byte(3))
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		m := &maker{v: versions[how>>1&1], files: []made{{tokens, "x", string(data), how&1 == 0}}}
		m.forge = func(_ int, f *forged) {
			if how&1 != 0 {
				f.data, f.packed = data, uint32(len(data))
			}
		}
		archivetest.FuzzReadLimits(t, Format, m.make(), 16<<20, level.Limits{Members: archivetest.FuzzMembers})
	})
}
