package stream

import (
	"bytes"
	"compress/zlib"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// zlibOf compresses at a level, with a dictionary if there is one.
func zlibOf(t testing.TB, body string, level int, dict string) []byte {
	t.Helper()
	var b bytes.Buffer
	var preset []byte // not nil is a dictionary, if it is an empty one
	if dict != "" {
		preset = []byte(dict)
	}
	w, err := zlib.NewWriterLevelDict(&b, level, preset)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(body))
	w.Close()
	return b.Bytes()
}

func TestZlib(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, level := range []int{zlib.NoCompression, zlib.BestSpeed, zlib.BestCompression, zlib.HuffmanOnly} {
			t.Run(name, func(t *testing.T) { archivetest.WantBody(t, Zlib, zlibOf(t, body, level, ""), body) })
		}
	}
}

func TestZlibPeers(t *testing.T) {
	all := archivetest.Bodies()
	delete(all, "empty") // zlib-flate writes nothing
	for name, body := range all {
		for _, args := range [][]string{{"zlib-flate", "-compress=9"}, {"pigz", "-zc"}, {"pigz", "-zc", "-11"}} {
			t.Run(name+args[0], func(t *testing.T) {
				archivetest.WantBody(t, Zlib, archivetest.Tool(t, body, args[0], args[1:]...), body)
			})
		}
	}
}

func TestZlibForged(t *testing.T) {
	one := zlibOf(t, archivetest.Payload, 9, "")
	bent, broken := bytes.Clone(one), bytes.Clone(one)
	bent[len(bent)-1]++
	broken[len(broken)-9] ^= 0xff
	window := bytes.Clone(one)
	window[0], window[1] = 0x08, 0x1d // of 256 bytes, which no decoder keeps to
	for name, c := range map[string]struct {
		data    []byte
		want    string
		class   error
		anomaly string
		members int
	}{
		"two":       {append(bytes.Clone(one), zlibOf(t, "x", 0, "")...), archivetest.Payload + "x", nil, anomaly.Members, 1},
		"zeros":     {append(bytes.Clone(one), make([]byte, 40_000)...), archivetest.Payload, nil, "", 1},
		"zeros two": {append(append(bytes.Clone(one), make([]byte, 40_000)...), one...), archivetest.Payload + archivetest.Payload, nil, anomaly.Members, 1},
		"garbage":   {append(bytes.Clone(one), "some text"...), archivetest.Payload, nil, anomaly.Appended, 2},
		"like one":  {append(bytes.Clone(one), "x^ is a power"...), archivetest.Payload, nil, anomaly.Appended, 2},
		"checksum":  {bent, archivetest.Payload, level.ErrMalformed, anomaly.CRC, 1},
		"bent two":  {append(bytes.Clone(bent), one...), archivetest.Payload + archivetest.Payload, level.ErrMalformed, anomaly.CRC, 1},
		"cut":       {one[:len(one)-2], archivetest.Payload, level.ErrMalformed, anomaly.Truncated, 1},
		"window":    {window, archivetest.Payload, nil, "", 1},
		"broken":    {broken, archivetest.Payload[:20], level.ErrMalformed, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Zlib, c.data)
			if err != nil || len(all) != c.members || !archivetest.Detects(c.data, Zlib) {
				t.Fatalf("%d members, %v", len(all), err)
			}
			whole := all[0].Data == c.want || name == "broken" && strings.HasPrefix(all[0].Data, c.want)
			if !whole || !errors.Is(all[0].Fault, c.class) {
				t.Errorf("%d bytes, %v", len(all[0].Data), all[0].Fault)
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v, want %q", notes, c.anomaly)
			}
		})
	}
}

// TestZlibDictionary: what needs a dictionary is said to, and what does not refer to it
// is shown.
func TestZlibDictionary(t *testing.T) {
	text := archivetest.Text(5000) + archivetest.Marker
	data := zlibOf(t, text, 9, archivetest.Text(300))
	all, _, err := archivetest.ReadAll(t, Zlib, data)
	if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrUnsupported) || !archivetest.Holds(all) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestZlibNone: honest data that begins as a stream does is none.
func TestZlibNone(t *testing.T) {
	for _, s := range []string{"x^2 + y^2 = z^2 is what he wrote", "(Some text in parentheses)", "80 people came to the feast.", "HK is Hong Kong\n", "x = 5", "x\x9c", "x"} {
		if archivetest.Detects([]byte(s), Zlib) {
			t.Errorf("%q", s)
		}
	}
}

// zlibJudge reads streams in a row, as far as there are any. Of a stream that is cut off it
// gets a few literals more than flate does, which wants to see the bits behind them.
const zlibJudge = `
import zlib
def judge(data):
    out = b""
    while data:
        d = zlib.decompressobj()
        try:
            out += d.decompress(data) + d.flush()
        except zlib.error:
            break
        if not d.eof:
            out = out[:-8]
            break
        data = d.unused_data
    return [out] if out else []
`

func TestZlibJudge(t *testing.T) {
	var honest [][]byte
	for _, level := range []int{zlib.NoCompression, zlib.BestSpeed, zlib.BestCompression, zlib.HuffmanOnly} {
		honest = append(honest, zlibOf(t, archivetest.Payload, level, ""), append(zlibOf(t, "one", level, ""), zlibOf(t, archivetest.Text(700), level, "")...))
	}
	archivetest.Judged(t, Zlib, zlibJudge, honest, 4000)
}

func FuzzZlib(f *testing.F) {
	for _, level := range []int{zlib.NoCompression, zlib.BestCompression} {
		f.Add(zlibOf(f, archivetest.Payload, level, ""))
		f.Add(append(zlibOf(f, "one", level, ""), zlibOf(f, archivetest.Text(900), level, "text")...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		z, err := zlib.NewReader(bytes.NewReader(data))
		want, valid := oracle(z, err)
		bodies, _ := archivetest.FuzzRead(t, Zlib, data, 1<<20)
		for body := range bodies {
			valid = valid && !strings.HasPrefix(body, want)
		}
		if valid && want != "" {
			t.Fatalf("another decoder reads %d bytes, %.80q, and we do not", len(want), want)
		}
	})
}
