package accept

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// testConn reads a byte and does what it says.
type testConn struct {
	net.Conn
	busy atomic.Bool
}

func (c *testConn) Serve() {
	b := make([]byte, 1)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
		switch b[0] {
		case 'p':
			panic("said so")
		case 'b':
			c.busy.Store(true)
		}
		c.Write(b)
	}
}
func (c *testConn) Close()     { c.Conn.Close() }
func (c *testConn) Busy() bool { return c.busy.Load() }
func (c *testConn) Refuse()    { io.WriteString(c.Conn, "full"); c.Conn.Close() }

// flaky is a listener that fails a few times.
type flaky struct {
	net.Listener
	left int
}

func (l *flaky) Accept() (net.Conn, error) {
	if l.left--; l.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func start(t *testing.T, max int) (*Server, func() net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(max, slog.New(slog.DiscardHandler), func(nc net.Conn) Conn { return &testConn{Conn: nc} })
	served := make(chan error, 1)
	go func() { served <- s.Serve(&flaky{l, 2}) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		t.Cleanup(func() { c.Close() })
		return c
	}
}

func say(t *testing.T, c net.Conn, what string) string {
	t.Helper()
	io.WriteString(c, what)
	b := make([]byte, 10)
	n, _ := c.Read(b)
	return string(b[:n])
}

func TestOneFailureIsNotAll(t *testing.T) {
	_, dial := start(t, 10)
	other := dial()
	if got := say(t, other, "x"); got != "x" {
		t.Fatalf("%q", got)
	}
	if got := say(t, dial(), "p"); got != "" {
		t.Errorf("an answer from a panic: %q", got)
	}
	if got := say(t, other, "y"); got != "y" {
		t.Errorf("the other's session ended: %q", got)
	}
}

func TestTooMany(t *testing.T) {
	s, dial := start(t, 1)
	first := dial()
	say(t, first, "x")
	rest, _ := io.ReadAll(dial())
	if string(rest) != "full" {
		t.Errorf("%q", rest)
	}
	first.Close()
	for end := time.Now().Add(5 * time.Second); s.Len() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if got := say(t, dial(), "x"); got != "x" {
		t.Errorf("%q", got)
	}
}

func TestShutdown(t *testing.T) {
	s, dial := start(t, 10)
	idle, busy := dial(), dial()
	say(t, idle, "x")
	say(t, busy, "b")
	if s.Busy() != 1 || s.Len() != 2 {
		t.Errorf("%d of %d are busy", s.Busy(), s.Len())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(ctx) }()
	if rest, err := io.ReadAll(idle); err != nil || len(rest) > 0 {
		t.Errorf("idle: %q, %v", rest, err)
	}
	if got := say(t, busy, "y"); got != "y" {
		t.Errorf("the busy one was ended early: %q", got)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Error(err)
	}
	if s.Context().Err() == nil {
		t.Error("what was under way was not told")
	}
}
