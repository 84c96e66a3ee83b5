//go:build integration

// Package integration tries the programs with the mail servers that they are for.
// The servers are those that Debian has; a test whose server is not installed is
// skipped. Everything is on the loopback.
package integration

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/examples/internal/smtprelay"
)

// eicar is the standard test file, assembled so that nothing takes this for it.
var eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// run runs a command to its end.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// nextPort is where freeAddr looks next: below the ports that systems give to
// clients, so that none of those takes it before its server does.
var nextPort atomic.Int32

func init() { nextPort.Store(20_000 + int32(os.Getpid()%100)*100) }

func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", nextPort.Add(1)))
		if err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func host(addr string) string { h, _, _ := net.SplitHostPort(addr); return h }
func port(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }

// waitFor waits until something answers at addr.
func waitFor(t *testing.T, addr string) {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if c, err := net.Dial(network, addr); err == nil {
			c.Close()
			return
		}
	}
	t.Fatalf("nothing answers at %s", addr)
}

func tail(s string, lines int) string {
	all := strings.Split(s, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// program is one of ours, built once and running.
type program struct {
	cmd *exec.Cmd
	log *bytes.Buffer
	mu  *sync.Mutex
}

var (
	buildOnce sync.Once
	buildDir  string
	buildErr  error
)

// build builds the programs once.
func build(t *testing.T) string {
	t.Helper()
	buildOnce.Do(func() {
		if buildDir, buildErr = os.MkdirTemp("", "fivefifty"); buildErr != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", buildDir+"/", "../relay", "../milter", "../clamd")
		if out, err := cmd.CombinedOutput(); err != nil {
			buildErr = fmt.Errorf("%w\n%s", err, out)
		}
	})
	must(t, buildErr)
	return buildDir
}

func TestMain(m *testing.M) {
	code := m.Run()
	printSkipped()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// start runs one of our programs with a configuration, and stops it when the
// test ends.
func start(t *testing.T, name, config, addr string) *program {
	t.Helper()
	bin := build(t)
	file := filepath.Join(t.TempDir(), name+".toml")
	write(t, file, config)
	p := &program{cmd: exec.Command(filepath.Join(bin, name), "--config", file), log: new(bytes.Buffer), mu: new(sync.Mutex)}
	p.cmd.Stderr = &lockedWriter{p.mu, p.log}
	must(t, p.cmd.Start())
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("log of %s:\n%s", name, tail(p.log.String(), 40))
		}
	})
	waitFor(t, addr)
	return p
}

func (p *program) stop() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait()
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// sink is where mail ends up.
type sink struct {
	*smtprelay.Sink
	mu  sync.Mutex
	got []smtprelay.Delivery
}

func startSink(t *testing.T) *sink {
	t.Helper()
	s := new(sink)
	var err error
	s.Sink, err = smtprelay.NewSink(func(d smtprelay.Delivery) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, d)
	})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// has says whether a message with the subject arrives within the time.
func (s *sink) has(subject string, wait time.Duration) bool {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		for _, d := range s.got {
			if d.Subject == subject {
				s.mu.Unlock()
				return true
			}
		}
		s.mu.Unlock()
		if time.Now().After(end) {
			return false
		}
	}
}

// send sends a message and returns the reply to its end, or the first refusal.
func send(t *testing.T, addr, subject, body string) string {
	t.Helper()
	c, err := smtp.Dial(addr)
	if err != nil {
		return "connect: " + err.Error()
	}
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = 20*time.Second, 20*time.Second
	return replyOf(c.SendMail("a@sender.test", []string{"b@rcpt.test"},
		strings.NewReader("From: a@sender.test\r\nTo: b@rcpt.test\r\nSubject: "+subject+"\r\n\r\n"+body+"\r\n")))
}

// replyOf writes an error of go-smtp's client as the reply that it was.
func replyOf(err error) string {
	if err == nil {
		return "250"
	}
	if se, ok := err.(*smtp.SMTPError); ok {
		return fmt.Sprintf("%d %d.%d.%d %s", se.Code, se.EnhancedCode[0], se.EnhancedCode[1], se.EnhancedCode[2], strings.ReplaceAll(se.Message, "\n", " / "))
	}
	return err.Error()
}

// shortDir is a temporary folder with a path short enough for a unix socket, which
// other users can enter.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ff")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
