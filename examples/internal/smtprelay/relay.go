// Package smtprelay is an SMTP relay that scans each message while it passes
// and lets the last dot through only when the verdict allows it.
//
// The bytes that a client sends go at once to the scanner and to the upstream's
// DATA. Nothing is acknowledged to the client before the upstream has
// acknowledged, and nothing is stored: at whatever moment the relay dies, the
// client still has the message. A message that is refused is refused in the
// session, and the connection to the upstream is broken without the final dot,
// so that no half message is accepted and no bounce is ever written.
//
// # Limits
//
// Connections are limited in all and by client address, idle time by
// [Options.IdleTimeout], the time of one message by [Options.MessageTimeout],
// its size by [Options.MaxMessageBytes]. Everything else is the scanner's.
package smtprelay

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// Options configure a Relay. A zero limit or timeout is its default.
type Options struct {
	Hostname string // for the greeting, EHLO and Received; default "localhost"
	Upstream Upstream
	TLS      *tls.Config // offers STARTTLS where set

	MaxMessageBytes      int64         // offered as SIZE; default 64 MiB
	MaxRecipients        int           // of one message; default 1,000
	MaxConnections       int           // at once; default 200; protects memory and descriptors
	MaxConnectionsClient int           // at once from one address; default 20
	IdleTimeout          time.Duration // of a client that sends nothing; default 3 min (RFC 5321 section 4.5.3.2)
	MessageTimeout       time.Duration // from DATA to the reply; default 30 min; protects from clients that drip

	MarkAccepted bool // adds "X-Fivefifty: accepted" to what goes upstream
	Direction    string

	Scanners *live.Scanners
	Observe  func(*scanner.Report) // is told of each report; may be nil
	Log      *slog.Logger          // one line a message; default none
}

func (o *Options) setDefaults() {
	if o.Hostname == "" {
		o.Hostname = "localhost"
	}
	if o.Observe == nil {
		o.Observe = func(*scanner.Report) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.MaxMessageBytes = orDefault(o.MaxMessageBytes, 64<<20)
	o.MaxRecipients = orDefault(o.MaxRecipients, 1000)
	o.MaxConnections = orDefault(o.MaxConnections, 200)
	o.MaxConnectionsClient = orDefault(o.MaxConnectionsClient, 20)
	o.IdleTimeout = orDefault(o.IdleTimeout, 3*time.Minute)
	o.MessageTimeout = orDefault(o.MessageTimeout, 30*time.Minute)
	o.Upstream.setDefaults(o.Hostname)
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// Relay is a running relay.
type Relay struct {
	opts      Options
	server    *smtp.Server
	conns     *connTable
	draining  atomic.Bool
	listeners listeners

	ctx    context.Context // of all scans; cancelled when the grace is over
	cancel context.CancelFunc
}

// New returns a Relay that is ready to serve.
func New(opts Options) (*Relay, error) {
	if opts.Scanners == nil {
		return nil, errors.New("smtprelay: Options.Scanners is missing")
	}
	if err := opts.Upstream.check(); err != nil {
		return nil, err
	}
	opts.setDefaults()
	r := &Relay{opts: opts, conns: newConnTable(opts.MaxConnections, opts.MaxConnectionsClient)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.server = r.newServer()
	return r, nil
}

func (r *Relay) newServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(r.newSession))
	s.Domain = r.opts.Hostname
	s.TLSConfig = r.opts.TLS
	s.MaxMessageBytes = r.opts.MaxMessageBytes
	s.MaxRecipients = r.opts.MaxRecipients
	s.WriteTimeout = r.opts.IdleTimeout
	// The read deadline is set by our conn at each read: go-smtp sets it once a
	// command, which would cut a DATA that takes longer than that.
	s.ReadTimeout = 0
	s.EnableSMTPUTF8 = true
	s.EnableDSN = true
	s.ErrorLog = slog.NewLogLogger(r.opts.Log.Handler(), slog.LevelDebug)
	return s
}

// Serve accepts clients on l until Shutdown.
func (r *Relay) Serve(l net.Listener) error {
	r.listeners.add(l)
	err := r.server.Serve(&listener{Listener: l, relay: r})
	if r.draining.Load() {
		return nil
	}
	return err
}

// Shutdown takes no more clients, answers 421 to those that are between
// messages, and waits for messages under way until ctx ends; then it breaks
// them off unacknowledged, so that their senders try again.
func (r *Relay) Shutdown(ctx context.Context) error {
	defer r.cancel()
	r.draining.Store(true)
	r.listeners.close()
	err := r.conns.drain(ctx)
	if serr := r.server.Close(); err == nil && serr != nil && !errors.Is(serr, net.ErrClosed) {
		err = serr
	}
	return err
}
