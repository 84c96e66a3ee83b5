package plist

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forged is a list of objects with every field to choose.
type forged struct {
	objects []string
	offsets []uint64 // nil: the right ones
	count   uint64   // 0: the right one
	top     uint64
	offSize byte   // 0: 2
	refSize byte   // 0: 1
	table   uint64 // 0: the right place
	behind  string
	noTable bool
}

func (f forged) bytes() []byte {
	b := []byte("bplist00")
	offsets := f.offsets
	for _, o := range f.objects {
		if f.offsets == nil {
			offsets = append(offsets, uint64(len(b)))
		}
		b = append(b, o...)
	}
	if f.noTable {
		return b
	}
	at := uint64(len(b))
	size := max(f.offSize, 2*(1-min(f.offSize, 1)))
	for _, off := range offsets {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], off)
		b = append(b, make([]byte, max(0, int(size)-8))...)
		b = append(b, n[max(0, 8-int(size)):]...)
	}
	if f.count == 0 {
		f.count = uint64(len(offsets))
	}
	if f.table == 0 {
		f.table = at
	}
	b = append(b, 0, 0, 0, 0, 0, 0, size, max(f.refSize, 1))
	for _, n := range []uint64{f.count, f.top, f.table} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return append(b, f.behind...)
}

// head is an object's first bytes, with the length behind them if it is not small.
func head(kind byte, n int) string {
	if n < 15 {
		return string([]byte{kind<<4 | byte(n)})
	}
	return string(binary.BigEndian.AppendUint32([]byte{kind<<4 | 0xf, 0x12}, uint32(n)))
}

func data(s string) string  { return head(kindData, len(s)) + s }
func ascii(s string) string { return head(kindASCII, len(s)) + s }

func wide(s string) string {
	units := utf16.Encode([]rune(s))
	b := []byte(head(kindUTF16, len(units)))
	for _, u := range units {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

func dict(refs ...byte) string { return head(kindDict, len(refs)/2) + string(refs) }

func TestForged(t *testing.T) {
	p := archivetest.Payload
	all := []string{dict(1, 2), ascii("key"), data(p)}
	for name, c := range map[string]struct {
		data  []byte
		class error // of Next
	}{
		"plain":         {forged{objects: all}.bytes(), nil},
		"string":        {forged{objects: []string{ascii(p)}}.bytes(), nil},
		"wide":          {forged{objects: []string{wide("größer " + p)}}.bytes(), nil},
		"UTF-8":         {forged{objects: []string{head(kindUTF8, len(p)) + p}}.bytes(), nil},
		"odd length":    {forged{objects: []string{"\x4f\x53" + "\x00\x00\x00\x00\x00\x00\x01\x99" + p}}.bytes(), nil},
		"unreachable":   {forged{objects: append([]string{"\x08"}, all...)}.bytes(), nil},
		"wide entries":  {forged{objects: all, offSize: 16}.bytes(), nil},
		"odd entries":   {forged{objects: all, offSize: 3}.bytes(), nil},
		"wide refs":     {forged{objects: []string{head(kindDict, 1) + "\x00\x01\x00\x02", ascii("key"), data(p)}, refSize: 2}.bytes(), nil},
		"many":          {forged{objects: all, count: 1 << 60}.bytes(), level.ErrMalformed},
		"no table":      {forged{objects: all, table: 1 << 62}.bytes(), level.ErrMalformed},
		"no trailer":    {forged{objects: all, noTable: true}.bytes(), level.ErrMalformed},
		"behind":        {forged{objects: all, behind: "something else"}.bytes(), level.ErrMalformed},
		"wrong offsets": {forged{objects: all, offsets: []uint64{8, 1 << 40, 15}}.bytes(), nil},
		"inside":        {forged{objects: []string{data("0123456789abcdef" + data(p))}, offsets: []uint64{8, 8 + 6 + 16}}.bytes(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := archivetest.ReadAll(t, Format, c.data)
			if !errors.Is(err, c.class) || c.class == nil && err != nil || !archivetest.Holds(got) || !archivetest.Detects(c.data, Format) {
				t.Errorf("%v\n%s", err, archivetest.Listing(got))
			}
			for _, g := range got {
				if g.Fault != nil && name != "inside" {
					t.Error(g.Fault)
				}
			}
		})
	}
	// A length beyond the end.
	long := forged{objects: []string{"\x4f\x12\x7f\xff\xff\xff" + p}}.bytes()
	got, _, err := archivetest.ReadAll(t, Format, long)
	if err != nil || len(got) != 1 || !errors.Is(got[0].Fault, level.ErrMalformed) || !archivetest.Holds(got) {
		t.Errorf("long: %v\n%s", err, archivetest.Listing(got))
	}
	archivetest.Cheap(t, Format, forged{objects: []string{strings.Repeat("\x00", 4<<20)}, noTable: true}.bytes())
	archivetest.Cheap(t, Format, forged{objects: []string{data(p)}, offsets: slices.Repeat([]uint64{8, 300}, 1<<18)}.bytes())
	archivetest.Cheap(t, Format, forged{objects: slices.Repeat([]string{dict(bytes.Repeat([]byte{1}, 28)...)}, 100_000), offSize: 4}.bytes())
}

// TestNames: a resource of a web archive is called by its address, other data by its key.
func TestNames(t *testing.T) {
	b := forged{objects: []string{
		dict(1, 2, 3, 4), ascii(resourceData), ascii(resourceURL), data(archivetest.Payload), ascii("http://example.org/a/run.js?x"),
		dict(6, 7), ascii("attachment"), data(archivetest.Payload), data("too short to tell"), ascii("short"),
	}}.bytes()
	all, r, err := archivetest.ReadAll(t, Format, b)
	if err != nil || len(all) != 2 || len(archivetest.NoteNames(all, r)) > 0 || all[0].Names[0] != "run.js" || all[1].Names[0] != "attachment" {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

func TestNone(t *testing.T) {
	for _, s := range []string{"bplist00 is how it begins, and nothing else", "bplist00", "bplist"} {
		if archivetest.Detects([]byte(s), Format) {
			t.Errorf("%q", s)
		}
	}
}

func samples() map[string]archivetest.Sample {
	return map[string]archivetest.Sample{
		"archive": {Format: Format, Data: forged{objects: []string{dict(1, 2, 3, 4), ascii(resourceData), ascii(resourceURL), data(archivetest.Payload), ascii("http://example.org/run.js")}}.bytes()},
		"strings": {Format: Format, Data: forged{objects: []string{wide(archivetest.Payload), ascii(archivetest.Payload)}}.bytes()},
	}
}

func TestSourceFails(t *testing.T) { archivetest.SourceFails(t, samples()) }

func TestByByte(t *testing.T) { archivetest.ByByte(t, samples()) }

// judge collects data and strings of what Python reads.
const judge = `
import plistlib
def walk(v, out):
    if isinstance(v, bytes) and len(v) >= 24: out.append(v)
    elif isinstance(v, str) and len(v) >= 64 and v.isascii(): out.append(v.encode())
    elif isinstance(v, dict):
        for x in v.values(): walk(x, out)
    elif isinstance(v, list):
        for x in v: walk(x, out)
def judge(data):
    if data[:6] != b"bplist": return []
    out = []
    walk(plistlib.loads(data, fmt=plistlib.FMT_BINARY), out)
    return out
`

// pythonLists are lists as Python writes them.
const pythonLists = `
import plistlib
def judge(data):
    s = data.decode()
    return [plistlib.dumps(v, fmt=plistlib.FMT_BINARY) for v in (
        {"a": data, "b": [s, 1, 2.5, True, {"c": s + "x"}]}, [data] * 3 + ["x" * n for n in range(300)], s,
        {"WebMainResource": {"WebResourceData": data, "WebResourceURL": "http://example.org/a.js", "WebResourceMIMEType": "text/javascript"}})]
`

func TestJudge(t *testing.T) {
	var honest [][]byte
	for _, s := range samples() {
		honest = append(honest, s.Data)
	}
	for _, b := range archivetest.Python(t, pythonLists, [][]byte{[]byte(archivetest.Payload)})[0] {
		honest = append(honest, []byte(b))
		all, r, err := archivetest.ReadAll(t, Format, []byte(b))
		if err != nil || !archivetest.Holds(all) || len(archivetest.NoteNames(all, r)) > 0 {
			t.Errorf("%v\n%s", err, archivetest.Listing(all))
		}
	}
	archivetest.Judged(t, Format, judge, honest, 1500)
}

func FuzzPlist(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Data)
	}
	f.Add(forged{objects: []string{data(archivetest.Payload)}, noTable: true}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 4<<20) })
}
