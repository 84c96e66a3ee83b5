// Package milterserver is a milter (Sendmail's and Postfix's mail filter protocol,
// version 2 to 6) that scans each message while it arrives.
//
// It speaks the protocol itself: the libraries looked at lose the client's address
// after a connection's first message, or the bytes that may come with the end of
// the body, and what is lost is not scanned.
//
// The message is rebuilt byte for byte as far as the protocol allows: the MTA keeps
// to itself the Received field that it adds, and the line end within a folded
// header.
//
// Nothing is decided before the message's end. What cannot be judged is 451, never
// a pass; when the filter breaks off, the MTA's default action decides, and should
// be "tempfail".
package milterserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// Options configure a Server. A zero limit or timeout is its default.
type Options struct {
	Scanners *live.Scanners

	Header         string        // field that tells the verdict of accepted mail; those of that name that came along are removed; "" adds none
	Direction      string        // for rules and logs: "in" or "out"
	MaxConnections int           // at once; default 500
	IdleTimeout    time.Duration // silence of the MTA; default 10 min: it keeps the connection while its client thinks
	Progress       time.Duration // between signs of life while a scan goes on; default 10 s

	Observe func(*scanner.Report) // is told of each report; may be nil
	Log     *slog.Logger          // one line a message; default none
}

func (o *Options) setDefaults() {
	if o.MaxConnections <= 0 {
		o.MaxConnections = 500
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 10 * time.Minute
	}
	if o.Progress <= 0 {
		o.Progress = 10 * time.Second
	}
	if o.Observe == nil {
		o.Observe = func(*scanner.Report) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Server serves MTAs.
type Server struct {
	opts     Options
	ctx      context.Context // of all scans
	cancel   context.CancelFunc
	draining atomic.Bool

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[*conn]struct{}
	running   sync.WaitGroup
}

// New returns a Server that is ready to serve.
func New(opts Options) (*Server, error) {
	if opts.Scanners == nil {
		return nil, errors.New("milterserver: Options.Scanners is missing")
	}
	opts.setDefaults()
	s := &Server{opts: opts, conns: map[*conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Serve accepts MTAs on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	for {
		nc, err := l.Accept()
		if err != nil {
			if s.draining.Load() {
				return nil
			}
			return err
		}
		c := newConn(s, nc)
		if !s.admit(c) {
			s.opts.Log.Warn("too many connections", "mta", nc.RemoteAddr().String())
			nc.Close()
			continue
		}
		go func() {
			defer s.leave(c)
			c.serve()
		}()
	}
}

func (s *Server) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() || len(s.conns) >= s.opts.MaxConnections {
		return false
	}
	s.conns[c] = struct{}{}
	s.running.Add(1)
	return true
}

func (s *Server) leave(c *conn) {
	c.nc.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.running.Done()
}

// Shutdown takes no more MTAs, hangs up on those that are between messages, and
// waits for messages under way until ctx ends; then it breaks them off, and the
// MTA's default action holds.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.cancel()
	s.draining.Store(true)
	s.mu.Lock()
	for _, l := range s.listeners {
		l.Close()
	}
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

// hangUp closes connections, those with a message under way only if all is set.
func (s *Server) hangUp(all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if all || !c.busy.Load() {
			c.nc.Close()
		}
	}
}
