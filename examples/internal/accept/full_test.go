package accept

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"
)

// echo is busy with what it was sent until the client hangs up.
type echo struct{ net.Conn }

func (e echo) Serve()     { _, _ = io.Copy(e, e) }
func (e echo) Close()     { e.Conn.Close() }
func (e echo) Busy() bool { return true }

func serve(t *testing.T, max int, wait bool, wrap func(net.Listener) net.Listener) (*Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(max, slog.New(slog.DiscardHandler), func(nc net.Conn) Conn { return echo{nc} })
	s.WaitWhenFull = wait
	served := make(chan error, 1)
	go func() { served <- s.Serve(wrap(l)) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) && err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

func same(l net.Listener) net.Listener { return l }

// answered says whether a client is served within a time.
func answered(nc net.Conn, wait time.Duration) bool {
	nc.SetDeadline(time.Now().Add(wait))
	_, _ = io.WriteString(nc, "x")
	_, err := io.ReadFull(nc, make([]byte, 1))
	return err == nil
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

func TestFull(t *testing.T) {
	for _, wait := range []bool{false, true} {
		_, addr := serve(t, 1, wait, same)
		first, second := dial(t, addr), dial(t, addr)
		if !answered(first, 5*time.Second) {
			t.Fatal("the first is not served")
		}
		if answered(second, 100*time.Millisecond) {
			t.Error("the second is served")
		}
		first.Close()
		if got := answered(second, 5*time.Second); got != wait {
			t.Errorf("wait %v: the second is served when the first has left: %v", wait, got)
		}
	}
}

// Who waits is sent away when the server stops.
func TestStopWhileFull(t *testing.T) {
	s, addr := serve(t, 1, true, same)
	first, second := dial(t, addr), dial(t, addr)
	if !answered(first, 5*time.Second) {
		t.Fatal("the first is not served")
	}
	answered(second, 50*time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	second.SetDeadline(time.Now().Add(5 * time.Second))
	if n, _ := io.ReadFull(second, make([]byte, 1)); n > 0 {
		t.Error("the second was served")
	}
}

// exhausted is a listener on a machine that is short of descriptors at first.
type exhausted struct {
	net.Listener
	left int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.left > 0 {
		e.left--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}

func TestShortOfDescriptors(t *testing.T) {
	_, addr := serve(t, 1, false, func(l net.Listener) net.Listener { return &exhausted{l, 2} })
	if !answered(dial(t, addr), 5*time.Second) {
		t.Error("not served")
	}
}
