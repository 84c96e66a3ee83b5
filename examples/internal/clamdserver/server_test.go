package clamdserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// marker is what the test engine finds.
const marker = "fivefifty-test-marker-5b1d"

type markerEngine struct{}

func (markerEngine) Name() string { return "marker" }
func (markerEngine) Inspect(_ context.Context, o *scanner.Object) ([]scanner.Finding, error) {
	b, err := o.Bytes()
	if err == nil && bytes.Contains(b, []byte("broken-engine")) {
		return nil, errors.New("engine is broken")
	}
	if err == nil && bytes.Contains(b, []byte(marker)) {
		return []scanner.Finding{{Signature: "Test Marker/1", Class: scanner.ClassMalicious}, {Signature: "Second", Class: scanner.ClassMalicious}}, nil
	}
	return nil, err
}

// maxMessage is the scanner's limit of a mail or another file in these tests.
const maxMessage = 100_000

// startServer serves on a unix socket and on TCP, with an engine for the marker.
func startServer(t *testing.T, opts Options) (unix, tcp string) {
	t.Helper()
	var err error
	opts.Scanners, err = live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{
			Engines: []scanner.Engine{markerEngine{}}, Limits: scanner.Limits{MessageBytes: maxMessage, ObjectBytes: 2 * maxMessage},
			Policy: scanner.Policy{Unchecked: map[scanner.Reason]scanner.Disposition{scanner.ReasonEngine: scanner.Reject}},
		})
		return s, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, opts)
}

func serve(t *testing.T, opts Options) (unix, tcp string) {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	unix = filepath.Join(t.TempDir(), "s")
	var served sync.WaitGroup
	for _, a := range [][2]string{{"unix", unix}, {"tcp", "127.0.0.1:0"}} {
		l, err := net.Listen(a[0], a[1])
		if err != nil {
			t.Fatal(err)
		}
		tcp = l.Addr().String()
		served.Go(func() {
			if err := s.Serve(l); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
		served.Wait()
	})
	return unix, tcp
}

// ask sends a request and reads to the end.
func ask(t *testing.T, addr, request string) string {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("%.80q: %v behind %q", request, err, got)
	}
	return string(got)
}

func chunks(parts ...string) string {
	var b []byte
	for _, p := range append(parts, "") {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return string(b)
}

// Whole mails are walked as mail, in all the forms in which clients send them: as
// they are; with a Received field in front (Haraka); with an mbox line and line ends
// of both kinds (clamav-milter); with an mbox line, envelope fields and LF (Exim).
func TestMailInDisguise(t *testing.T) {
	_, tcp := startServer(t, Options{})
	header := "Subject: x\nContent-Type: multipart/mixed; boundary=b\n"
	body := "\n--b\nContent-Transfer-Encoding: base64\n\nZml2ZWZpZnR5LXRlc3QtbWFya2VyLTViMWQ=\n--b--\n"
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for name, text := range map[string]string{
		"plain, CRLF":         crlf(header + body),
		"plain, LF":           header + body,
		"Received first":      crlf("Received: from x (x [192.0.2.1])\n\tby y; Thu, 1 Jan 1970 00:00:00 +0000\n" + header + body),
		"mbox, header LF":     "From clamav-milter\n" + header + crlf(body),
		"mbox, body LF":       "From clamav-milter\n" + crlf(header) + body,
		"mbox and X-Envelope": "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nX-Envelope-From: <>\nX-Envelope-To: a@b\n" + header + body,
	} {
		if got := ask(t, tcp, "zINSTREAM\x00"+chunks(text)); got != "stream: "+found+"\x00" {
			t.Errorf("%s: %q", name, got)
		}
		twin := strings.ReplaceAll(text, "Zml2ZWZpZnR5", "Zml2ZWZpZnR6")
		if got := ask(t, tcp, "zINSTREAM\x00"+chunks(twin)); got != "stream: OK\x00" {
			t.Errorf("%s, clean: %q", name, got)
		}
	}
}

// A descriptor comes with the command or behind it; where in the file it stands
// does not matter.
func TestDescriptors(t *testing.T) {
	unix, _ := startServer(t, Options{})
	const one = `fd\[\d+\]: Test_Marker_1\.UNOFFICIAL FOUND\n`
	for _, c := range []struct{ first, with, last, want string }{
		{"", "nFILDES\nx", "", one},
		{"nFILDES\n", "x", "", one},
		{"FILDES\n", "x", "", one},
		{"zIDSESSION\x00", "zFILDES\x00x", "zPING\x00zEND\x00", `1: fd\[\d+\]: Test_Marker_1\.UNOFFICIAL FOUND\x002: PONG\x00`},
	} {
		nc, err := net.Dial("unix", unix)
		if err != nil {
			t.Fatal(err)
		}
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(nc, c.first)
		time.Sleep(20 * time.Millisecond)
		passFiles(t, nc.(*net.UnixConn), c.with, 1)
		io.WriteString(nc, c.last)
		if got, _ := io.ReadAll(nc); !regexp.MustCompile("^" + c.want + "$").Match(got) {
			t.Errorf("%q: %q", c, got)
		}
		nc.Close()
	}
	nc, err := net.Dial("unix", unix)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	folder, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	sendFiles(t, nc.(*net.UnixConn), "nFILDES\nx", folder, 1)
	if got, _ := io.ReadAll(nc); !strings.HasSuffix(string(got), ": Not a regular file ERROR\n") {
		t.Errorf("folder: %q", got)
	}
}

func sendFiles(t *testing.T, c *net.UnixConn, text string, f *os.File, n int) {
	t.Helper()
	if _, _, err := c.WriteMsgUnix([]byte(text), syscall.UnixRights(slices.Repeat([]int{int(f.Fd())}, n)...), nil); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	zip := &scanner.Object{Parent: -1, Type: "zip"}
	member := &scanner.Object{Parent: 0}
	r := &scanner.Report{Objects: []*scanner.Object{zip, member}}
	for want, u := range map[string]scanner.Unchecked{
		"Heuristics.Encrypted.Zip":     {Reason: scanner.ReasonEncrypted},
		"Fivefifty.Limit.object_bytes": {Reason: scanner.ReasonLimit, Limit: "object_bytes"},
		"Fivefifty.Malformed":          {Reason: scanner.ReasonMalformed},
	} {
		if got := uncheckedName(r, member, u, false); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for want, f := range map[string]scanner.Finding{
		"YARA.Rule_1.UNOFFICIAL":             {Engine: "yara", Signature: "Rule_1"},
		"Win.Worm-1.UNOFFICIAL":              {Engine: "hashset", Signature: "Win.Worm-1.UNOFFICIAL"},
		"a_b_c.UNOFFICIAL":                   {Engine: "hashset", Signature: "a b:c"},
		"Fivefifty.Policy.Name._.exe":        {Engine: "policy", Signature: "Policy.Name.*.exe"},
		"Heuristics.OLE2.ContainsMacros.VBA": {Engine: "policy", Signature: "Policy.Anomaly.vba-macros"},
	} {
		if got := findingName(f); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
