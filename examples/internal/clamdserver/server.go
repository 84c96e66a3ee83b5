// Package clamdserver speaks clamd's protocol (man clamd(8), section COMMANDS),
// so that whatever can ask clamd can ask Fivefifty.
//
// A command is "nNAME\n" or "zNAME\0"; the older bare form, one packet without a
// prefix, is known for the commands that clamd knows it for. Without IDSESSION a
// connection has one command and one answer.
//
// A decision about content is "FOUND" or "OK", as the policy says; it is never
// "ERROR", which some clients take for a pass: rspamd lets a message go whose scan
// ended in ERROR, Haraka one whose stream was too long. ERROR is for trouble of the
// daemon's own (a file that cannot be read), and for what a policy defers: clamd
// has no word for "later". So a policy for this server should defer nothing.
//
// REPORT is a command of our own: like INSTREAM, or with a path like SCAN, and the
// answer is the report as one JSON document on one line.
//
// # Limits
//
// Connections, the wait for a command, the silence within a stream and its whole
// time are bounded by [Options]; clients above the number of connections wait until
// one leaves. A stream is scanned while it arrives and never held. What the scanner
// leaves of one, because of a limit of its own, is read and thrown away up to
// Options.MaxDrain, so that the client comes to read its answer. At most 16
// descriptors may be passed on a connection.
package clamdserver

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/accept"
	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// Options configure a Server. A zero limit or timeout is its default.
type Options struct {
	Scanners *live.Scanners
	Version  string // behind "ClamAV 1.4.6"; "" for nothing

	MaxDrain       int64         // bytes of a stream that are thrown away when it is judged before its end; default 4 GiB
	MaxConnections int           // at once; default 100
	CommandTimeout time.Duration // wait for a whole command; default 30 s
	StreamTimeout  time.Duration // silence within a stream; default 2 min
	StreamTotal    time.Duration // from a stream's begin to its end; default 10 min
	Shutdown       func()        // what SHUTDOWN does; nil refuses it
	LimitNames     bool          // names unexamined limits as ClamAV does (Heuristics.Limits.Exceeded.…), which rspamd lets pass

	Observe func(*scanner.Report) // is told of each report; may be nil
	Log     *slog.Logger          // default none
}

func (o *Options) setDefaults() {
	if o.Observe == nil {
		o.Observe = func(*scanner.Report) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxDrain <= 0 {
		o.MaxDrain = 4 << 30
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = 100
	}
	if o.CommandTimeout <= 0 {
		o.CommandTimeout = 30 * time.Second
	}
	if o.StreamTimeout <= 0 {
		o.StreamTimeout = 2 * time.Minute
	}
	if o.StreamTotal <= 0 {
		o.StreamTotal = 10 * time.Minute
	}
}

// Server answers clamd's clients. Its Shutdown breaks off without an answer what is
// under way when the time is over, and no client takes that for a pass.
type Server struct {
	*accept.Server
	opts Options
	busy atomic.Int64 // commands that are being answered

	reloading sync.Mutex
	reloads   chan struct{} // holds the reload that waits, one at most
}

// New returns a Server that is ready to serve.
func New(opts Options) (*Server, error) {
	if opts.Scanners == nil {
		return nil, errors.New("clamdserver: Options.Scanners is missing")
	}
	opts.setDefaults()
	s := &Server{opts: opts, reloads: make(chan struct{}, 1)}
	s.Server = accept.New(opts.MaxConnections, opts.Log, func(nc net.Conn) accept.Conn { return newConn(s, nc) })
	s.WaitWhenFull = true
	return s, nil
}
