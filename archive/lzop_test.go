package archive

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLzopPeers(t *testing.T) {
	for name, body := range bodies() {
		for _, args := range []string{"-1", "-3", "-7", "-9", "--no-checksum", "--crc32", "-CC"} {
			t.Run(name+args, func(t *testing.T) {
				wantBody(t, Lzop, tool(t, body, "lzop", append(strings.Fields(args), "-qc")...), body)
			})
		}
	}
}

func TestLzopConcatenated(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"a.js": payload, "b.txt": "second"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := shell(t, dir, "lzop -qc a.js b.txt > OUT")
	wantBody(t, Lzop, data, payload+"second")
	all, _, _ := readAll(t, Lzop, data)
	if names := all[0].Names; len(names) == 0 || names[0] != "a.js" {
		t.Errorf("names %q", names)
	}
	bent := bytes.Clone(data)
	bent[len(bent)-6] ^= 1
	if all, _, err := readAll(t, Lzop, bent); err != nil || all[0].err == nil || !strings.HasPrefix(all[0].data, payload) {
		t.Errorf("%+v, %v", all, err)
	}
}

func FuzzLzop(f *testing.F) {
	seeds(f, "lzop", []string{"-qc"}, []string{"-9qc"}, []string{"-qc", "--no-checksum"})
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, Lzop, data, 16<<20) })
}
