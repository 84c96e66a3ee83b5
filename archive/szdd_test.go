package archive

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// lzssLiterals packs a body into literals, and the last bytes of a run of blanks
// into a match with the first dictionary.
func lzssLiterals(body string) []byte {
	var out []byte
	for i := 0; i < len(body); i += 8 {
		part := body[i:min(i+8, len(body))]
		out = append(append(out, 0xff), part...)
	}
	return out
}

func szddOf(body string) []byte {
	return append(le.AppendUint32(append(bytes.Clone(sigSZDD), 'A', 't'), uint32(len(body))), lzssLiterals(body)...)
}

func kwajOf(method uint16, body string, packed []byte) []byte {
	h := le.AppendUint16(bytes.Clone(sigKWAJ), method)
	h = le.AppendUint16(h, 14+4+5+3)
	h = le.AppendUint16(h, kwajSize|kwajName|kwajExt)
	h = le.AppendUint32(h, uint32(len(body)))
	return append(append(h, "PAYL\x00JS\x00"...), packed...)
}

// kwajLZHLiterals packs a body with codes of equal lengths, in runs of 32.
func kwajLZHLiterals(body string) []byte {
	var w bitWriter
	w.put(0, 24)
	for rest := body; rest != ""; {
		n := min(len(rest), 32)
		w.put(0, 4)
		w.put(uint64(n-1), 5)
		for _, c := range []byte(rest[:n]) {
			w.put(uint64(c), 8)
		}
		rest = rest[n:]
	}
	return w.flush()
}

func TestSzdd(t *testing.T) {
	inverted := []byte(payload)
	for i := range inverted {
		inverted[i] ^= 0xff
	}
	block := append([]byte("CK"), pack(8, payload)...)
	zip := append(le.AppendUint16(nil, uint16(len(block))), block...)
	match := append(le.AppendUint32(append(bytes.Clone(sigSZDD), 'A', 't'), 3+3), 0b0111, 'a', 'b', 'c', 0xf0, 0xf0)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"szdd": {szddOf(payload), payload}, "match": {match, "abcabc"},
		"qbasic": {append(le.AppendUint32(bytes.Clone(sigSZ), uint32(len(payload))), lzssLiterals(payload)...), payload},
		"kwaj-0": {kwajOf(0, payload, []byte(payload)), payload}, "kwaj-1": {kwajOf(1, payload, inverted), payload},
		"kwaj-2": {kwajOf(2, payload, lzssLiterals(payload)), payload}, "kwaj-3": {kwajOf(3, payload, kwajLZHLiterals(payload)), payload},
		"kwaj-4": {kwajOf(4, payload, zip), payload},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Szdd, c.data)
			if err != nil || len(all) != 1 || all[0].data != c.want || all[0].err != nil {
				t.Fatalf("%+v, %v", all, err)
			}
			if n := noteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
			if len(all[0].Names) > 0 && all[0].Names[0] != "PAYL.JS" {
				t.Errorf("names %q", all[0].Names)
			}
			if f := Detect(bytes.NewReader(c.data), int64(len(c.data))); !slices.Equal(f, []Format{Szdd}) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

func TestSzddForged(t *testing.T) {
	small, large, mode := szddOf(payload), szddOf(payload), szddOf(payload)
	le.PutUint32(small[10:], 3)
	le.PutUint32(large[10:], 1<<31)
	mode[8] = 'B'
	for name, c := range map[string]struct {
		data []byte
		want error
		body string
	}{
		"size-small": {small, nil, payload}, "size-large": {large, ErrMalformed, payload}, "mode": {mode, ErrUnsupported, ""},
		"kwaj-method": {kwajOf(9, "", nil), ErrUnsupported, ""}, "kwaj-no-block": {kwajOf(4, "x", []byte("\x05\x00junk!")), ErrMalformed, ""},
	} {
		all, _, err := readAll(t, Szdd, c.data)
		if err != nil || len(all) != 1 || all[0].data != c.body || c.want == nil && all[0].err != nil || c.want != nil && !errors.Is(all[0].err, c.want) {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
	}
}

func TestSzddTool(t *testing.T) {
	tool, err := exec.LookPath("mscompress")
	if err != nil {
		t.Skip("mscompress is not installed")
	}
	dir := t.TempDir()
	for i, body := range []string{payload, text(100_000), string(packedProgram(100_000))} {
		p := filepath.Join(dir, string(rune('a'+i))+".txt")
		if err := os.WriteFile(p, []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
		if msg, err := exec.Command(tool, p).CombinedOutput(); err != nil {
			t.Skipf("mscompress: %v: %s", err, msg)
		}
		data, err := os.ReadFile(p + "_")
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := readAll(t, Szdd, data)
		if err != nil || len(all) != 1 || all[0].data != body || all[0].err != nil || len(all[0].Anomalies) > 0 {
			t.Errorf("%d bytes: %v, %+v", len(body), err, all[0].Member)
		}
	}
}

func FuzzSzdd(f *testing.F) {
	f.Add(szddOf(payload))
	f.Add(append(le.AppendUint32(bytes.Clone(sigSZ), 5), lzssLiterals("12345")...))
	for method := range uint16(5) {
		f.Add(kwajOf(method, payload, kwajLZHLiterals(payload)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, Szdd, data, 1<<20) })
}
