package clamdserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
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

// startServer serves on a unix socket and on TCP.
func startServer(t *testing.T, opts Options) (unix, tcp string) {
	t.Helper()
	var err error
	opts.Scanners, err = live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{markerEngine{}}})
		return s, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
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
	c, err := net.Dial("tcp", addr)
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
		t.Fatal(err)
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

func TestCommands(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "clean", "b": marker, "c": marker} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, tcp := startServer(t, Options{Version: "test"})
	const found = "Test_Marker_1.UNOFFICIAL FOUND"
	for _, c := range []struct{ request, want string }{
		{"nPING\n", "PONG\n"},
		{"zPING\x00", "PONG\x00"},
		{"PING\r\n", "PONG\n"},
		{"PING", "PONG\n"},
		{"nPING\nnPING\n", "PONG\n"}, // one command, one answer
		{"nping\n", "UNKNOWN COMMAND\n"},
		{"zPING x\x00", "UNKNOWN COMMAND\x00"},
		{"nVERSION\n", "ClamAV 1.4.6 test\n"},
		{"INSTREAM\n", "UNKNOWN COMMAND\n"}, // not in the old form
		{"nSCAN\n", "UNKNOWN COMMAND\n"},
		{"nSHUTDOWN\n", "COMMAND UNAVAILABLE\n"},
		{"nRELOAD\n", "RELOADING\n"},
		{"zINSTREAM\x00" + chunks("clean"), "stream: OK\x00"},
		{"nINSTREAM\n" + chunks(), "stream: OK\n"},
		{"zINSTREAM\x00" + chunks(marker[:5], marker[5:]), "stream: " + found + "\x00"},
		{"zINSTREAM\x00" + chunks("broken-engine"), "stream: could not be examined: engine ERROR\x00"},
		{"nSCAN " + dir + "/a\n", dir + "/a: OK\n"},
		{"SCAN " + dir + "/b\n", dir + "/b: " + found + "\n"},
		{"nSCAN " + dir + "\n", dir + "/b: " + found + "\n"},
		{"nCONTSCAN " + dir + "\n", dir + "/b: " + found + "\n" + dir + "/c: " + found + "\n"},
		{"nALLMATCHSCAN " + dir + "/b\n", dir + "/b: " + found + "\n" + dir + "/b: Second.UNOFFICIAL FOUND\n"},
		{"nSCAN " + dir + "/none\n", dir + "/none: File path check failure: No such file or directory. ERROR\n"},
		{"nSCAN /dev/null\n", "/dev/null: Not supported file type ERROR\n"},
		{"zIDSESSION\x00zPING\x00zINSTREAM\x00" + chunks(marker) + "zVERSION\x00zEND\x00",
			"1: PONG\x002: stream: " + found + "\x003: ClamAV 1.4.6 test\x00"},
		{"nIDSESSION\nnRELOAD\n", "1: Command invalid inside IDSESSION. ERROR\n"},
		{"nFILDES\n?", "No file descriptor received. ERROR\n"},
	} {
		if got := ask(t, tcp, c.request); got != c.want {
			t.Errorf("%q: got %q, want %q", c.request, got, c.want)
		}
	}
}

// Whole mails are walked as mail, in all the forms in which clients send them.
func TestMailInDisguise(t *testing.T) {
	_, tcp := startServer(t, Options{})
	mail := "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" +
		"Zml2ZWZpZnR5LXRlc3QtbWFya2VyLTViMWQ=\n--b--\n"
	for _, front := range []string{"", "Received: from x\r\n", "From clamav-milter\n", "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nX-Envelope-From: <>\nX-Envelope-To: a@b\n"} {
		for _, text := range []string{front + mail, front + strings.ReplaceAll(mail, "\n", "\r\n")} {
			if got := ask(t, tcp, "zINSTREAM\x00"+chunks(text)); !strings.Contains(got, "FOUND") {
				t.Errorf("%.40q: %q", text, got)
			}
		}
	}
}

func TestDescriptors(t *testing.T) {
	unix, _ := startServer(t, Options{})
	for _, apart := range []bool{false, true} {
		f, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(marker)
		nc, err := net.Dial("unix", unix)
		if err != nil {
			t.Fatal(err)
		}
		c := nc.(*net.UnixConn)
		command := "nFILDES\n"
		if apart {
			io.WriteString(c, command)
			time.Sleep(20 * time.Millisecond)
			command = ""
		}
		if _, _, err := c.WriteMsgUnix([]byte(command+"x"), syscall.UnixRights(int(f.Fd())), nil); err != nil {
			t.Fatal(err)
		}
		got, _ := bufio.NewReader(c).ReadString('\n')
		if !strings.HasPrefix(got, "fd[") || !strings.HasSuffix(got, ": Test_Marker_1.UNOFFICIAL FOUND\n") {
			t.Errorf("apart %v: %q", apart, got)
		}
		c.Close()
		f.Close()
	}
}

func TestReport(t *testing.T) {
	_, tcp := startServer(t, Options{})
	var r scanner.Report
	if err := json.Unmarshal([]byte(ask(t, tcp, "nREPORT\n"+chunks(marker))), &r); err != nil {
		t.Fatal(err)
	}
	if r.Verdict != scanner.VerdictMalicious || len(r.Objects) != 1 {
		t.Errorf("%+v", r)
	}
}

// A stream that is too long gets its answer, one that breaks off none.
func TestStreamsThatEndBadly(t *testing.T) {
	_, tcp := startServer(t, Options{MaxStream: 10, CommandTimeout: 100 * time.Millisecond, StreamTimeout: 100 * time.Millisecond})
	if got := ask(t, tcp, "nINSTREAM\n"+chunks("0123456789a")); got != "INSTREAM size limit exceeded. ERROR\n" {
		t.Errorf("too long: %q", got)
	}
	if got := ask(t, tcp, "nINSTREAM\n\x00\x00\x00\x05abc"); got != "" {
		t.Errorf("silent within a chunk: %q", got)
	}
	if got := ask(t, tcp, ""); got != "COMMAND READ TIMED OUT\n" {
		t.Errorf("no command: %q", got)
	}
	if got := ask(t, tcp, "n"+strings.Repeat("x", maxCommand+5000)); got != "UNKNOWN COMMAND\n" && got != "" {
		t.Errorf("a long command: %q", got)
	}
}

func TestNames(t *testing.T) {
	s := &Server{}
	zip := &scanner.Object{Parent: -1, Type: "zip"}
	member := &scanner.Object{Parent: 0}
	r := &scanner.Report{Objects: []*scanner.Object{zip, member}}
	for want, u := range map[string]scanner.Unchecked{
		"Heuristics.Encrypted.Zip":     {Reason: scanner.ReasonEncrypted},
		"Fivefifty.Limit.object_bytes": {Reason: scanner.ReasonLimit, Limit: "object_bytes"},
		"Fivefifty.Malformed":          {Reason: scanner.ReasonMalformed},
	} {
		if got := s.uncheckedName(r, member, u); got != want {
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

func FuzzConversation(f *testing.F) {
	f.Add([]byte("zIDSESSION\x00zPING\x00zEND\x00"))
	f.Add([]byte("nINSTREAM\n\x00\x00\x00\x01a\x00\x00\x00\x00"))
	f.Add([]byte("REPORT"))
	scanners, err := live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{})
		return s, nil, err
	})
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Options{Scanners: scanners, CommandTimeout: time.Second, StreamTimeout: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("SCAN")) || bytes.Contains(data, []byte("REPORT ")) {
			return // paths of this machine
		}
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			c := newConn(s, server)
			c.Serve()
		}()
		go func() { client.Write(data); time.Sleep(time.Millisecond); client.Close() }()
		io.Copy(io.Discard, client)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("the conversation does not end")
		}
	})
}
