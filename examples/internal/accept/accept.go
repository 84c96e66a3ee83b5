// Package accept keeps the connections of a server: it bounds them, and ends them
// in good order.
package accept

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is one client's connection.
type Conn interface {
	Serve()     // until the connection ends
	Close()     // from outside too, and more than once
	Busy() bool // something is under way that the client waits for
}

// Refuser is a Conn that tells its client why it is not served, within a second,
// and closes.
type Refuser interface{ Refuse() }

// Server accepts connections. It is safe for concurrent use.
type Server struct {
	// WaitWhenFull has clients that are too many wait, in the listener's backlog,
	// until another one leaves; else they are hung up on. Set it before Serve.
	WaitWhenFull bool

	max      int
	log      *slog.Logger
	make     func(net.Conn) Conn
	ctx      context.Context
	cancel   context.CancelFunc
	draining atomic.Bool

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[Conn]struct{}
	freed     *sync.Cond // of mu: a connection ended, or the server stops
	running   sync.WaitGroup
}

// New returns a Server that serves at most max connections at once, each of which
// make makes.
func New(max int, log *slog.Logger, make func(net.Conn) Conn) *Server {
	s := &Server{max: max, log: log, make: make, conns: map[Conn]struct{}{}}
	s.freed = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Context is cancelled when what is under way is to be broken off.
func (s *Server) Context() context.Context { return s.ctx }

// Draining says that the server stops.
func (s *Server) Draining() bool { return s.draining.Load() }

// Len returns the number of connections.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Busy returns the number of those that are busy.
func (s *Server) Busy() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.Busy() {
			n++
		}
	}
	return n
}

// Serve accepts clients on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
		case s.draining.Load():
			return nil
		case passing(err):
			s.log.Error("accept", "error", err)
			time.Sleep(50 * time.Millisecond)
			continue
		default:
			return err
		}
		c := s.make(nc)
		if !s.admit(c) {
			s.log.Warn("too many connections", "client", nc.RemoteAddr().String())
			if r, ok := c.(Refuser); ok {
				go r.Refuse()
			} else {
				c.Close()
			}
			continue
		}
		go func() {
			defer s.leave(c)
			defer s.survive()
			c.Serve()
		}()
	}
}

// passing says that a later Accept may well succeed: what is short now, clients
// give back.
func passing(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// survive keeps a mistake of ours, met by one client's bytes, from ending all
// others' sessions.
func (s *Server) survive() {
	if p := recover(); p != nil {
		s.log.Error("panic", "reason", fmt.Sprint(p), "stack", string(debug.Stack()))
	}
}

func (s *Server) admit(c Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.WaitWhenFull && len(s.conns) >= s.max && !s.draining.Load() {
		s.freed.Wait()
	}
	if s.draining.Load() || len(s.conns) >= s.max {
		return false
	}
	s.conns[c] = struct{}{}
	s.running.Add(1)
	return true
}

func (s *Server) leave(c Conn) {
	c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.freed.Signal()
	s.mu.Unlock()
	s.running.Done()
}

// Shutdown takes no more clients, hangs up on those that wait for nothing, and
// waits for the others until ctx ends; then it breaks them off.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.cancel()
	s.mu.Lock()
	s.draining.Store(true) // under the lock, so that nobody is admitted behind the wait
	for _, l := range s.listeners {
		l.Close()
	}
	s.freed.Broadcast()
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s.hangUp(false)
		select {
		case <-done:
			return nil
		case <-tick.C:
		case <-ctx.Done():
			s.cancel()
			s.hangUp(true)
			<-done
			return ctx.Err()
		}
	}
}

// hangUp closes connections, the busy ones only if all is set.
func (s *Server) hangUp(all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if all || !c.Busy() {
			c.Close()
		}
	}
}
