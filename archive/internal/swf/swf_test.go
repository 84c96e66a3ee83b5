package swf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forged is a compressed file with every field to choose.
type forged struct {
	signature string
	version   byte
	length    uint32 // 0: the right one
	packed    uint32 // of ZWS; 0: the right one
	body      string // behind the head
	marker    bool   // of ZWS: an end marker
	cut       int    // bytes that are missing at the end
	behind    string
}

func (f forged) bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if f.length == 0 {
		f.length = uint32(headBytes + len(f.body))
	}
	archivetest.Put(&b, f.signature, f.version, f.length)
	if f.signature == "ZWS" {
		var z bytes.Buffer
		c := lzma.WriterConfig{EOSMarker: f.marker, Size: int64(len(f.body)), SizeInHeader: !f.marker}
		w, err := c.NewWriter(&z)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(f.body))
		w.Close()
		data := z.Bytes()[13:]
		if f.packed == 0 {
			f.packed = uint32(len(data))
		}
		archivetest.Put(&b, f.packed, string(z.Bytes()[:5]), string(data))
	} else {
		w := zlib.NewWriter(&b)
		w.Write([]byte(f.body))
		w.Close()
	}
	b.Truncate(b.Len() - f.cut)
	b.WriteString(f.behind)
	return b.Bytes()
}

// plain is the file that a player makes of it.
func (f forged) plain() string {
	if f.length == 0 {
		f.length = uint32(headBytes + len(f.body))
	}
	head := binary.LittleEndian.AppendUint32([]byte{'F', 'W', 'S', f.version}, f.length)
	return string(head) + f.body
}

func TestHonest(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, f := range []forged{
			{signature: "CWS", version: 10, body: body},
			{signature: "ZWS", version: 15, body: body, marker: true},
			{signature: "ZWS", version: 15, body: body},
		} {
			t.Run(name+f.signature, func(t *testing.T) { archivetest.WantBody(t, Format, f.bytes(t), f.plain()) })
		}
	}
}

func TestForged(t *testing.T) {
	body := archivetest.Payload
	for name, c := range map[string]struct {
		forged
		class   error
		anomaly string
		behind  string
	}{
		"long length":    {forged{signature: "CWS", version: 10, length: 1 << 31, body: body}, nil, anomaly.Size, ""},
		"short length":   {forged{signature: "CWS", version: 10, length: 9, body: body}, nil, anomaly.Size, ""},
		"no checksum":    {forged{signature: "CWS", version: 10, body: body, cut: 4}, nil, "", ""},
		"version":        {forged{signature: "CWS", version: 0x7f, body: body}, nil, "", ""},
		"cut":            {forged{signature: "CWS", version: 10, body: body, cut: 6}, level.ErrMalformed, "", ""},
		"behind":         {forged{signature: "CWS", version: 10, body: body, behind: "PK\x03\x04 and more"}, nil, anomaly.Appended, "PK\x03\x04 and more"},
		"zeros":          {forged{signature: "CWS", version: 10, body: body, behind: string(make([]byte, 100_000))}, nil, "", ""},
		"lzma long":      {forged{signature: "ZWS", version: 15, length: 1 << 31, body: body, marker: true}, nil, anomaly.Size, ""},
		"lzma short":     {forged{signature: "ZWS", version: 15, length: 9, body: body, marker: true}, nil, anomaly.Size, ""},
		"lzma packed":    {forged{signature: "ZWS", version: 15, packed: 1, body: body, marker: true}, nil, "", ""},
		"lzma unmarked":  {forged{signature: "ZWS", version: 15, packed: 1 << 31, body: body}, nil, "", ""},
		"lzma unended":   {forged{signature: "ZWS", version: 15, length: 1 << 31, body: body}, level.ErrMalformed, "", ""},
		"lzma behind":    {forged{signature: "ZWS", version: 15, body: body, marker: true, behind: "PK\x03\x04 and more"}, nil, anomaly.Appended, "PK\x03\x04 and more"},
		"lzma no marker": {forged{signature: "ZWS", version: 15, body: body, behind: "PK\x03\x04" + strings.Repeat("and more", 9)}, nil, anomaly.Appended, "PK\x03\x04" + strings.Repeat("and more", 9)},
	} {
		t.Run(name, func(t *testing.T) {
			data := c.bytes(t)
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil || len(all) == 0 || !archivetest.Detects(data, Format) {
				t.Fatalf("%d members, %v", len(all), err)
			}
			if !strings.HasPrefix(all[0].Data, c.plain()[:headBytes]) || !strings.Contains(all[0].Data, body[:len(body)-min(9*c.cut, 9*6)]) {
				t.Errorf("%d bytes of %d", len(all[0].Data), len(c.plain()))
			}
			if !errors.Is(all[0].Fault, c.class) {
				t.Errorf("%v, want %v", all[0].Fault, c.class)
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
			if (c.behind != "") != (len(all) == 2) || c.behind != "" && all[1].Data != c.behind {
				t.Errorf("behind:\n%s", archivetest.Listing(all))
			}
		})
	}
}

// TestNone: honest data that begins with the letters is none.
func TestNone(t *testing.T) {
	for _, s := range []string{"CWS is a company that makes things", "ZWS\n", "CWS\x0a\x00\x00\x00\x00\x01\x02\x03", "FWS\x0a\x10\x00\x00\x00x\x9c"} {
		if archivetest.Detects([]byte(s), Format) {
			t.Errorf("%q", s)
		}
	}
}

func samples(t testing.TB) map[string]archivetest.Sample {
	return map[string]archivetest.Sample{
		"zlib": {Format: Format, Data: forged{signature: "CWS", version: 10, body: archivetest.Payload, behind: "more of it"}.bytes(t)},
		"lzma": {Format: Format, Data: forged{signature: "ZWS", version: 10, body: archivetest.Payload, marker: true, behind: "more of it"}.bytes(t)},
	}
}

func TestSourceFails(t *testing.T) { archivetest.SourceFails(t, samples(t)) }

func TestByByte(t *testing.T) { archivetest.ByByte(t, samples(t)) }

// judge is what a player does.
const judge = `
import zlib, lzma
def judge(data):
    out = b"FWS" + data[3:8]
    if data[:3] == b"CWS":
        d = zlib.decompressobj()
        return [(out + d.decompress(data[8:]) + d.flush())[:-8]]
    if data[:3] == b"ZWS":
        d = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=1<<26)
        return [(out + d.decompress(data[12:17] + b"\xff" * 8 + data[17:]))[:-300]]
    return []
`

func TestJudge(t *testing.T) {
	var honest [][]byte
	for _, f := range []forged{{signature: "CWS", version: 10}, {signature: "ZWS", version: 15, marker: true}, {signature: "ZWS", version: 15}} {
		for _, body := range []string{archivetest.Payload, archivetest.Text(900)} {
			f.body = body
			honest = append(honest, f.bytes(t))
		}
	}
	archivetest.Judged(t, Format, judge, honest, 3000)
}

func FuzzSWF(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.Data)
	}
	f.Add(forged{signature: "ZWS", version: 15, packed: 9, body: archivetest.Payload}.bytes(f))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 16<<20) })
}
