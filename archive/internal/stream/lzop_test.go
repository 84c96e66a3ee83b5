package stream

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func TestLzopPeers(t *testing.T) {
	for name, body := range archivetest.Bodies() {
		for _, args := range []string{"-1", "-3", "-7", "-9", "--no-checksum", "--crc32", "-CC"} {
			t.Run(name+args, func(t *testing.T) {
				archivetest.WantBody(t, Lzop, archivetest.Tool(t, body, "lzop", append(strings.Fields(args), "-qc")...), body)
			})
		}
	}
}

func TestLzopConcatenated(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"a.js": archivetest.Payload, "b.txt": "second"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := archivetest.Shell(t, dir, "lzop -qc a.js b.txt > OUT")
	archivetest.WantBody(t, Lzop, data, archivetest.Payload+"second")
	all, _, _ := archivetest.ReadAll(t, Lzop, data)
	if names := all[0].Names; len(names) == 0 || names[0] != "a.js" {
		t.Errorf("names %q", names)
	}
	bent := bytes.Clone(data)
	bent[len(bent)-6] ^= 1
	if all, _, err := archivetest.ReadAll(t, Lzop, bent); err != nil || all[0].Fault == nil || !strings.HasPrefix(all[0].Data, archivetest.Payload) {
		t.Errorf("%+v, %v", all, err)
	}
}

func FuzzLzop(f *testing.F) {
	seeds(f, "lzop", []string{"-qc"}, []string{"-9qc"}, []string{"-qc", "--no-checksum"})
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Lzop, data, 16<<20) })
}
