package cab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
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
	return append(binary.LittleEndian.AppendUint32(append(bytes.Clone(sigSZDD), 'A', 't'), uint32(len(body))), lzssLiterals(body)...)
}

func kwajOf(method uint16, body string, packed []byte) []byte {
	h := binary.LittleEndian.AppendUint16(bytes.Clone(sigKWAJ), method)
	h = binary.LittleEndian.AppendUint16(h, 14+4+5+3)
	h = binary.LittleEndian.AppendUint16(h, kwajSize|kwajName|kwajExt)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(body)))
	return append(append(h, "PAYL\x00JS\x00"...), packed...)
}

// kwajLZHLiterals packs a body with codes of equal lengths, in runs of 32.
func kwajLZHLiterals(body string) []byte {
	var w archivetest.BitWriter
	w.Put(0, 24)
	for rest := body; rest != ""; {
		n := min(len(rest), 32)
		w.Put(0, 4)
		w.Put(uint64(n-1), 5)
		for _, c := range []byte(rest[:n]) {
			w.Put(uint64(c), 8)
		}
		rest = rest[n:]
	}
	return w.Flush()
}

func TestSzdd(t *testing.T) {
	inverted := []byte(archivetest.Payload)
	for i := range inverted {
		inverted[i] ^= 0xff
	}
	block := append([]byte("CK"), archivetest.Pack(8, archivetest.Payload)...)
	zip := append(binary.LittleEndian.AppendUint16(nil, uint16(len(block))), block...)
	match := append(binary.LittleEndian.AppendUint32(append(bytes.Clone(sigSZDD), 'A', 't'), 3+3), 0b0111, 'a', 'b', 'c', 0xf0, 0xf0)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"szdd": {szddOf(archivetest.Payload), archivetest.Payload}, "match": {match, "abcabc"},
		"qbasic": {append(binary.LittleEndian.AppendUint32(bytes.Clone(sigSZ), uint32(len(archivetest.Payload))), lzssLiterals(archivetest.Payload)...), archivetest.Payload},
		"kwaj-0": {kwajOf(0, archivetest.Payload, []byte(archivetest.Payload)), archivetest.Payload}, "kwaj-1": {kwajOf(1, archivetest.Payload, inverted), archivetest.Payload},
		"kwaj-2": {kwajOf(2, archivetest.Payload, lzssLiterals(archivetest.Payload)), archivetest.Payload}, "kwaj-3": {kwajOf(3, archivetest.Payload, kwajLZHLiterals(archivetest.Payload)), archivetest.Payload},
		"kwaj-4": {kwajOf(4, archivetest.Payload, zip), archivetest.Payload},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Szdd, c.data)
			if err != nil || len(all) != 1 || all[0].Data != c.want || all[0].Fault != nil {
				t.Fatalf("%+v, %v", all, err)
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
			if len(all[0].Names) > 0 && all[0].Names[0] != "PAYL.JS" {
				t.Errorf("names %q", all[0].Names)
			}
			if !archivetest.Detects(c.data, Szdd) {
				t.Error("not detected")
			}
		})
	}
}

func TestSzddForged(t *testing.T) {
	small, large, mode := szddOf(archivetest.Payload), szddOf(archivetest.Payload), szddOf(archivetest.Payload)
	binary.LittleEndian.PutUint32(small[10:], 3)
	binary.LittleEndian.PutUint32(large[10:], 1<<31)
	mode[8] = 'B'
	for name, c := range map[string]struct {
		data []byte
		want error
		body string
	}{
		"size-small": {small, nil, archivetest.Payload}, "size-large": {large, level.ErrMalformed, archivetest.Payload}, "mode": {mode, level.ErrUnsupported, ""},
		"kwaj-method": {kwajOf(9, "", nil), level.ErrUnsupported, ""}, "kwaj-no-block": {kwajOf(4, "x", []byte("\x05\x00junk!")), level.ErrMalformed, ""},
	} {
		all, _, err := archivetest.ReadAll(t, Szdd, c.data)
		if err != nil || len(all) != 1 || all[0].Data != c.body || c.want == nil && all[0].Fault != nil || c.want != nil && !errors.Is(all[0].Fault, c.want) {
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
	for i, body := range []string{archivetest.Payload, archivetest.Text(100_000), string(archivetest.PackedProgram(100_000))} {
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
		all, _, err := archivetest.ReadAll(t, Szdd, data)
		if err != nil || len(all) != 1 || all[0].Data != body || all[0].Fault != nil || len(all[0].Anomalies) > 0 {
			t.Errorf("%d bytes: %v, %+v", len(body), err, all[0].Member)
		}
	}
}

func FuzzSzdd(f *testing.F) {
	f.Add(szddOf(archivetest.Payload))
	f.Add(append(binary.LittleEndian.AppendUint32(bytes.Clone(sigSZ), 5), lzssLiterals("12345")...))
	for method := range uint16(5) {
		f.Add(kwajOf(method, archivetest.Payload, kwajLZHLiterals(archivetest.Payload)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Szdd, data, 1<<20) })
}
