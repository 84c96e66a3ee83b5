// Package clamdserver speaks clamd's protocol (man clamd(8), section COMMANDS),
// so that whatever can ask clamd can ask Fivefifty.
//
// A command is "nNAME\n" or "zNAME\0"; the older bare form, one packet without a
// prefix, is known for the commands that clamd knows it for. Without IDSESSION a
// connection has one command and one answer.
//
// A decision about content is "FOUND" or "OK", as the policy says. "ERROR" is for
// trouble of the daemon's own, and for what it deferred: some clients take ERROR
// for a pass.
//
// REPORT is a command of our own: like INSTREAM, or with a path like SCAN, and the
// answer is the report as one JSON document on one line.
//
// # Limits
//
// Connections, the wait for a command, the silence within a stream and a stream's
// length are bounded by [Options]; a stream is scanned while it arrives and never
// held. At most 16 descriptors may be passed on a connection.
package clamdserver

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/accept"
	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// Options configure a Server. A zero limit or timeout is its default.
type Options struct {
	Scanners *live.Scanners
	Version  string // behind "ClamAV 1.4.6"; default "fivefifty"

	MaxStream      int64         // bytes of one stream; default 4 GiB: what is too large to be judged is the scanner's to say
	MaxConnections int           // at once; default 100
	CommandTimeout time.Duration // wait for a command; default 30 s
	StreamTimeout  time.Duration // silence within a stream; default 2 min
	Shutdown       func()        // what SHUTDOWN does; nil refuses it
	LimitNames     bool          // names unexamined limits as ClamAV does (Heuristics.Limits.Exceeded.…), which rspamd lets pass

	Observe func(*scanner.Report) // is told of each report; may be nil
	Log     *slog.Logger          // default none
}

func (o *Options) setDefaults() {
	if o.Version == "" {
		o.Version = "fivefifty"
	}
	if o.Observe == nil {
		o.Observe = func(*scanner.Report) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxStream <= 0 {
		o.MaxStream = 4 << 30
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
}

// Server answers clamd's clients. Its Shutdown breaks off without an answer what is
// under way when the time is over, and no client takes that for a pass.
type Server struct {
	*accept.Server
	opts Options
	busy atomic.Int64 // commands that are being answered
}

// New returns a Server that is ready to serve.
func New(opts Options) (*Server, error) {
	if opts.Scanners == nil {
		return nil, errors.New("clamdserver: Options.Scanners is missing")
	}
	opts.setDefaults()
	s := &Server{opts: opts}
	s.Server = accept.New(opts.MaxConnections, opts.Log, func(nc net.Conn) accept.Conn { return newConn(s, nc) })
	return s, nil
}
