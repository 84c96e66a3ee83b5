package clamdserver

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// zipWith has one member, stored, with flags of the general purpose kind.
func zipWith(t *testing.T, flags uint16, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m, err := w.CreateRaw(&zip.FileHeader{Name: "a", Flags: flags, CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))})
	if err == nil {
		_, err = io.WriteString(m, content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unexamined are files of which something cannot be examined, by the name that is
// found for it.
func unexamined(t *testing.T) map[string]string {
	return map[string]string{
		"Heuristics.Encrypted.Zip":     zipWith(t, 1, strings.Repeat("sealed", 10)),
		"Fivefifty.Malformed":          zipWith(t, 0, strings.Repeat("cut short", 100))[:500],
		"Fivefifty.Limit.object_bytes": strings.Repeat("x", 3*maxMessage),
	}
}

func withPolicy(t *testing.T, p scanner.Policy, opts Options) Options {
	t.Helper()
	var err error
	opts.Scanners, err = live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{markerEngine{}}, Policy: p, Limits: scanner.Limits{ObjectBytes: 2 * maxMessage}})
		return s, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

// What cannot be examined is FOUND, or OK if the policy says so, in a stream, a
// file and a folder; never ERROR.
func TestUnexamined(t *testing.T) {
	files := unexamined(t)
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, refusing := serve(t, withPolicy(t, scanner.Policy{}, Options{}))
	_, accepting := serve(t, withPolicy(t, scanner.Policy{Unchecked: map[scanner.Reason]scanner.Disposition{
		scanner.ReasonEncrypted: scanner.Accept, scanner.ReasonMalformed: scanner.Accept, scanner.ReasonLimit: scanner.Quarantine,
	}}, Options{}))
	_, asClamav := serve(t, withPolicy(t, scanner.Policy{}, Options{LimitNames: true}))
	for name, content := range files {
		if got := ask(t, refusing, "zINSTREAM\x00"+chunks(content)); got != "stream: "+name+" FOUND\x00" {
			t.Errorf("%s: %q", name, got)
		}
		if got := ask(t, refusing, "nCONTSCAN "+dir+"\n"); !strings.Contains(got, dir+"/"+name+": "+name+" FOUND\n") || strings.Count(got, "\n") != len(files) {
			t.Errorf("%s in a folder: %q", name, got)
		}
		if got := ask(t, accepting, "zINSTREAM\x00"+chunks(content)); got != "stream: OK\x00" {
			t.Errorf("%s, accepted: %q", name, got)
		}
		want := strings.Replace(name, "Fivefifty.Limit", "Heuristics.Limits.Exceeded", 1)
		if got := ask(t, asClamav, "zINSTREAM\x00"+chunks(content)); got != "stream: "+want+" FOUND\x00" {
			t.Errorf("%s, as ClamAV names it: %q", want, got)
		}
	}
	if got := ask(t, accepting, "nSCAN "+dir+"\n"); got != dir+": OK\n" {
		t.Errorf("folder, accepted: %q", got)
	}
	// What is accepted is not named for what is refused.
	_, mixed := serve(t, withPolicy(t, scanner.Policy{Unchecked: map[scanner.Reason]scanner.Disposition{scanner.ReasonEncrypted: scanner.Accept}}, Options{}))
	both := zipWith(t, 1, "sealed") + strings.Repeat("x", 3*maxMessage)
	if got := ask(t, mixed, "zINSTREAM\x00"+chunks(both)); got != "stream: Fivefifty.Limit.object_bytes FOUND\x00" {
		t.Errorf("mixed: %q", got)
	}
}

// A policy that defers gets clamd's word for trouble.
func TestDeferred(t *testing.T) {
	_, tcp := serve(t, withPolicy(t, scanner.Policy{}, Options{}))
	if got := ask(t, tcp, "zINSTREAM\x00"+chunks("broken-engine")); got != "stream: could not be judged, try again later ERROR\x00" {
		t.Errorf("%q", got)
	}
}
