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
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/accept"
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

// Server serves MTAs. Its Shutdown hangs up on those that are between messages;
// where it breaks off a message, the MTA's default action holds.
type Server struct {
	*accept.Server
	opts Options
}

// New returns a Server that is ready to serve.
func New(opts Options) (*Server, error) {
	if opts.Scanners == nil {
		return nil, errors.New("milterserver: Options.Scanners is missing")
	}
	opts.setDefaults()
	s := &Server{opts: opts}
	s.Server = accept.New(opts.MaxConnections, opts.Log, func(nc net.Conn) accept.Conn { return newConn(s, nc) })
	return s, nil
}
