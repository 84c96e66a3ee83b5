package zip

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// packer compresses a body with one method of zip.
type packer struct {
	name   string
	method uint16
	flags  uint16
	pack   func(t testing.TB, body string) []byte
}

// packers are the methods that can be written here; the others come from 7-Zip.
var packers = []packer{
	{"stored", 0, 0, func(_ testing.TB, b string) []byte { return []byte(b) }},
	{"shrink", 1, 0, func(_ testing.TB, b string) []byte { return archivetest.ShrinkOf(b) }},
	{"reduce-1", 2, 0, func(_ testing.TB, b string) []byte { return archivetest.ReduceOf(b, 1) }},
	{"reduce-2", 3, 0, func(_ testing.TB, b string) []byte { return archivetest.ReduceOf(b, 2) }},
	{"reduce-3", 4, 0, func(_ testing.TB, b string) []byte { return archivetest.ReduceOf(b, 3) }},
	{"reduce-4", 5, 0, func(_ testing.TB, b string) []byte { return archivetest.ReduceOf(b, 4) }},
	{"implode", 6, 6, func(_ testing.TB, b string) []byte { return archivetest.ImplodeOf(b, 6) }},
	{"deflate", 8, 0, func(_ testing.TB, b string) []byte { return archivetest.Pack(8, b) }},
	{"lzma", 14, 0, func(t testing.TB, b string) []byte { return lzmaBody(t, b, false) }},
	{"lzma-marked", 14, 2, func(t testing.TB, b string) []byte { return lzmaBody(t, b, true) }},
	{"zstd-old", 20, 0, zstdBody},
	{"zstd", 93, 0, zstdBody},
	{"xz", 95, 0, xzBody},
}

func zstdBody(t testing.TB, body string) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true))
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(body), nil)
}

func xzBody(t testing.TB, body string) []byte {
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&b)
	if err == nil {
		_, err = w.Write([]byte(body))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func lzmaBody(t testing.TB, body string, marked bool) []byte {
	var b bytes.Buffer
	w, err := lzma.WriterConfig{DictCap: 1 << 16, EOSMarker: marked, SizeInHeader: !marked, Size: int64(len(body))}.NewWriter(&b)
	if err == nil {
		_, err = w.Write([]byte(body))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{9, 20, 5, 0}, append(bytes.Clone(b.Bytes()[:5]), b.Bytes()[lzma.HeaderLen:]...)...)
}

func (p packer) entry(t testing.TB, name, body string, bend func(*head)) entry {
	h := func(h *head) {
		h.flags |= p.flags
		if bend != nil {
			bend(h)
		}
	}
	return entry{name: name, method: p.method, body: body, raw: p.pack(t, body), local: h, central: h}
}

// TestMethods reads honest members and checks that nothing is noted.
func TestMethods(t *testing.T) {
	for kind, body := range archivetest.SampleBodies() {
		if kind == "one" { // an empty dictionary confuses the writers
			continue
		}
		var entries []entry
		for _, p := range packers {
			entries = append(entries, p.entry(t, p.name, body, nil))
		}
		all, r, err := archivetest.ReadAll(t, Format, forge(entries, nil, ""))
		if err != nil || len(all) != len(entries) {
			t.Fatalf("%s: %d members, %v", kind, len(all), err)
		}
		for i, g := range all {
			if g.Data != body || g.Fault != nil || g.Method != methodName(packers[i].method) {
				t.Errorf("%s %s: %d bytes of %d, %v %v", kind, g.Names, len(g.Data), len(body), g.Fault, g.Err)
			}
		}
		if n := archivetest.NoteNames(all, r); len(n) > 0 {
			t.Errorf("%s: anomalies %v", kind, n)
		}
	}
}

// TestMethodsBent finds what each method holds although the headers lie.
func TestMethodsBent(t *testing.T) {
	long := archivetest.Payload + archivetest.Text(3000)
	bends := map[string]func(*head){
		"crc":         func(h *head) { h.crc++ },
		"sizes-huge":  func(h *head) { h.csize += 5000; h.usize += 70_000 },
		"sizes-short": func(h *head) { h.csize, h.usize = 20, 25 },
		"sizes-zero":  func(h *head) { h.csize, h.usize = 0, 0 },
		"deflate":     func(h *head) { h.method = 8 },
		"stored":      func(h *head) { h.method = 0 },
		"unknown":     func(h *head) { h.method = 77 },
	}
	for _, p := range packers {
		for name, bend := range bends {
			if (name == "deflate" || name == "stored" || name == "unknown") && p.method != 8 && p.method != 0 {
				continue // only these two are sniffed
			}
			if name == "sizes-short" && methods[p.method].sized || p.method == 0 && strings.HasPrefix(name, "sizes") {
				continue // no header says where the rest is, and no reader gets it
			}
			e := p.entry(t, "p", long, nil)
			if name != "sizes-zero" || p.method == 8 {
				e.local = both(e.local, bend)
			}
			e.central = both(e.central, bend)
			all, _, err := archivetest.ReadAll(t, Format, forge([]entry{e, listed("o", "o", 0)}, nil, ""))
			found := slices.ContainsFunc(all, func(g archivetest.Got) bool {
				return g.Data == long || len(g.Data) > len(long) && g.Data[:len(long)] == long
			})
			if err != nil || !found {
				t.Errorf("%s %s: not found, %v", p.name, name, err)
				for _, g := range all {
					t.Logf("%q %s %s %v %d bytes, %v %v", g.Names, g.Method, g.Reading, g.Anomalies, len(g.Data), g.Fault, g.Err)
				}
			}
		}
		// One header lies about the method, the other does not.
		for _, other := range []int{0, 8, 12, 14, 93, 95, 98, 99, 0x5a5a} {
			for _, local := range []bool{true, false} {
				e := p.entry(t, "p", long, nil)
				bend := func(h *head) { h.method = other }
				if local {
					e.local = both(e.local, bend)
				} else {
					e.central = both(e.central, bend)
				}
				all, _, err := archivetest.ReadAll(t, Format, forge([]entry{e, listed("o", "o", 0)}, nil, ""))
				if err != nil || !slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Data == long }) {
					t.Errorf("%s, one header says %d: not found, %v", p.name, other, err)
				}
			}
		}
	}
}

func both(a, b func(*head)) func(*head) {
	return func(h *head) {
		if a != nil {
			a(h)
		}
		b(h)
	}
}

// TestMethodsCut yields what a cut body holds, and says that it is cut.
func TestMethodsCut(t *testing.T) {
	long := archivetest.Text(50_000) + archivetest.Payload + archivetest.Text(500_000)
	for _, p := range packers {
		raw := p.pack(t, long)
		e := p.entry(t, "p", long, nil)
		e.raw = raw[:len(raw)*3/4]
		data := forge([]entry{e}, nil, "")
		data = data[:localBytes+1+len(e.raw)]
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || !archivetest.Holds(all) || all[0].Fault == nil && p.method != 0 && !slices.Contains(all[0].Anomalies, anomaly.Size) {
			t.Errorf("%s: %d members, %v", p.name, len(all), err)
		}
	}
}

// TestMethodsPeers reads what 7-Zip writes.
func TestMethodsPeers(t *testing.T) {
	if _, err := exec.LookPath("7z"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	bodies := map[string]string{"text": archivetest.Text(400_000), "small": "small", "zeros": string(make([]byte, 300_000))}
	for name, body := range bodies {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range []string{"Copy", "Deflate", "Deflate64", "BZip2", "LZMA", "PPMd", "PPMd:mem=2m:o=16 -mx=9", "PPMd:mem=1m:o=4"} {
		out := filepath.Join(dir, fmt.Sprintf("%d.zip", len(m)))
		os.Remove(out)
		cmd := exec.Command("sh", "-c", "7z a -tzip -mm="+m+" "+out+" text small zeros")
		cmd.Dir = dir
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", m, err, b)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		all, r, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != len(bodies) {
			t.Fatalf("%s: %d members, %v", m, len(all), err)
		}
		for _, g := range all {
			if g.Data != bodies[g.Names[0]] || g.Fault != nil {
				t.Errorf("%s %s: %d bytes, %v %v", m, g.Names, len(g.Data), g.Fault, g.Err)
			}
		}
		if n := archivetest.NoteNames(all, r); len(n) > 0 {
			t.Errorf("%s: anomalies %v", m, n)
		}
	}
}
