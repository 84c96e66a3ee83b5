package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestReaderContract runs iotest over the bodies of every format.
func TestReaderContract(t *testing.T) {
	for f, data := range map[Format][]byte{
		Zip:   archivetest.StdZip(t, archivetest.File{Name: "p", Data: archivetest.Payload, Method: 8}),
		Gzip:  append(archivetest.StdGzip(t, "", archivetest.Payload[:100]), archivetest.StdGzip(t, "", archivetest.Payload[100:])...),
		Bzip2: archivetest.Bzip2Of(""),
		Tar:   archivetest.StdTar(t, 0, archivetest.File{Name: "p", Data: archivetest.Payload}),
	} {
		want := archivetest.Payload
		if f == Bzip2 {
			want = "hello world\n"
		}
		r, err := Open(f, bytes.NewReader(data), int64(len(data)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, []byte(want)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Errorf("%s: Close: %v", f, err)
			}
		}
		if _, err := r.Next(); err == nil || err == io.EOF {
			t.Errorf("%s: Next after Close: %v", f, err)
		}
	}
}

// TestSourceError: what the source answers must come through, and never look
// like a fault of the format or like the end.
func TestSourceError(t *testing.T) {
	broken := errors.New("disk on fire")
	for f, data := range map[Format][]byte{
		Zip:   archivetest.StdZip(t, archivetest.File{Name: "p", Data: archivetest.Payload, Method: 8}),
		Gzip:  archivetest.StdGzip(t, "", archivetest.Payload),
		Bzip2: archivetest.Bzip2Of(""),
		Tar:   archivetest.StdTar(t, 0, archivetest.File{Name: "p", Data: archivetest.Payload}),
	} {
		for from := range len(data) {
			src := archivetest.Failing{Reader: bytes.NewReader(data), From: int64(from), Err: broken}
			r, err := Open(f, src, int64(len(data)), Limits{})
			for err == nil {
				if _, err = r.Next(); err == nil {
					_, err = io.Copy(io.Discard, r)
				}
			}
			if !errors.Is(err, broken) || errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: failing from %d: %v", f, from, err)
			}
		}
	}
}

// TestPeers reads what real archivers write.
func TestPeers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.js"), []byte(archivetest.Payload), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		format    Format
		args      []string
		encrypted bool
	}{
		"7z-zip":        {Zip, []string{"7z", "a", "-tzip", "OUT", "p.js"}, false},
		"7z-store":      {Zip, []string{"7z", "a", "-tzip", "-mx0", "OUT", "p.js"}, false},
		"7z-aes":        {Zip, []string{"7z", "a", "-tzip", "-psecret", "-mem=AES256", "OUT", "p.js"}, true},
		"7z-gzip":       {Gzip, []string{"7z", "a", "-tgzip", "OUT", "p.js"}, false},
		"7z-bzip2":      {Bzip2, []string{"7z", "a", "-tbzip2", "OUT", "p.js"}, false},
		"7z-tar":        {Tar, []string{"7z", "a", "-ttar", "OUT", "p.js"}, false},
		"zip":           {Zip, []string{"zip", "-q", "OUT", "p.js"}, false},
		"zip-encrypted": {Zip, []string{"zip", "-q", "-P", "secret", "OUT", "p.js"}, true},
		"zip-fz":        {Zip, []string{"sh", "-c", "zip -q -fz - p.js > OUT"}, false},
		"tar":           {Tar, []string{"tar", "-cf", "OUT", "p.js"}, false},
		"gzip":          {Gzip, []string{"sh", "-c", "gzip -9 < p.js > OUT"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tool := c.args[0]
			if tool == "sh" {
				tool = strings.Fields(c.args[2])[0]
			}
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip(err)
			}
			var args []string
			out := filepath.Join(dir, name+".out")
			for _, a := range c.args {
				args = append(args, strings.ReplaceAll(a, "OUT", out))
			}
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = dir
			if b, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, b)
			}
			found, _ := filepath.Glob(out + "*")
			if len(found) == 0 {
				t.Fatal("no file")
			}
			data, err := os.ReadFile(found[0])
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(Detect(bytes.NewReader(data), int64(len(data))), c.format) {
				t.Error("not detected")
			}
			all, r, err := archivetest.ReadAll(t, rowOf(c.format), data)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d members, %v", len(all), err)
			}
			if c.encrypted != all[0].Encrypted || c.encrypted != errors.Is(all[0].Err, ErrEncrypted) || archivetest.Holds(all) == c.encrypted {
				t.Errorf("%+v", all[0].Member)
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
		})
	}
}
