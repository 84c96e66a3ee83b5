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
// The server's side of SMTP is our own: who speaks for others must be heard
// (XFORWARD, XCLIENT, the PROXY protocol), AUTH goes through, and what reaches the
// upstream as one message must be, byte for byte, what was scanned as one.
//
// # Limits
//
// Connections are limited in all and by client address, idle time by
// [Options.IdleTimeout], the time of one message by [Options.MessageTimeout],
// its size by [Options.MaxMessageBytes], commands in length, in mistakes and in
// idleness. Everything else is the scanner's.
package smtprelay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/accept"
	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/examples/internal/quarantine"
	"github.com/fivefifty/fivefifty/scanner"
)

// Options configure a Relay. A zero limit or timeout is its default.
type Options struct {
	Hostname string // for the greeting, EHLO and Received; default "localhost"
	Upstream Upstream
	TLS      *tls.Config // offers STARTTLS where set

	Trusted      []netip.Prefix     // peers that may speak for others: XFORWARD, XCLIENT, the PROXY protocol
	Proxy        bool               // peers in Trusted begin with a PROXY header
	Auth         AuthMode           // default AuthTLS
	BareNewlines BareMode           // default BareNormalize
	OnReject     RejectMode         // default RejectRefuse
	Quarantine   *quarantine.Folder // where messages are held; nil: none are

	MaxMessageBytes      int64         // offered as SIZE; default 64 MiB
	MaxRecipients        int           // of one message; default 1,000
	MaxConnections       int           // at once; default 200; protects memory and descriptors
	MaxConnectionsClient int           // at once from one address; default 20
	IdleTimeout          time.Duration // of a client that sends nothing, and for a whole command; default 3 min (RFC 5321 section 4.5.3.2)
	MessageTimeout       time.Duration // from DATA to the reply; default 30 min; protects from clients that drip

	MarkAccepted bool // adds "X-Fivefifty: accepted" to what goes upstream
	Direction    string

	Scanners *live.Scanners
	Observe  func(*scanner.Report) // is told of each report; may be nil
	Log      *slog.Logger          // one line a message; default none
}

// AuthMode says when AUTH, where the upstream offers it, is passed on.
type AuthMode string

const (
	AuthTLS    AuthMode = "tls"    // where the client speaks TLS
	AuthAlways AuthMode = "always" // also where passwords can be read on the way
	AuthOff    AuthMode = "off"
)

// BareMode says what becomes of CR and LF that are not together.
type BareMode string

const (
	BareNormalize BareMode = "normalize" // LF becomes CRLF, CR a space
	BareReject    BareMode = "reject"    // the message is refused with 550, a command with 500
)

// RejectMode says what becomes of a message that the policy rejects.
type RejectMode string

const (
	RejectRefuse     RejectMode = "refuse"     // 5xx: whoever has the message learns it
	RejectDiscard    RejectMode = "discard"    // 250, and gone: behind a queue, where 5xx would make a bounce to a forged sender
	RejectQuarantine RejectMode = "quarantine" // 250, and held
)

func (o *Options) setDefaults() {
	o.Hostname = orDefault(o.Hostname, "localhost")
	o.Auth = orDefault(o.Auth, AuthTLS)
	o.BareNewlines = orDefault(o.BareNewlines, BareNormalize)
	o.OnReject = orDefault(o.OnReject, RejectRefuse)
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

func (o *Options) check() error {
	switch {
	case o.Scanners == nil:
		return errors.New("smtprelay: Options.Scanners is missing")
	case o.Auth != AuthTLS && o.Auth != AuthAlways && o.Auth != AuthOff:
		return fmt.Errorf("smtprelay: auth: %q is none of tls, always, off", o.Auth)
	case o.BareNewlines != BareNormalize && o.BareNewlines != BareReject:
		return fmt.Errorf("smtprelay: bare newlines: %q is neither normalize nor reject", o.BareNewlines)
	case o.OnReject != RejectRefuse && o.OnReject != RejectDiscard && o.OnReject != RejectQuarantine:
		return fmt.Errorf("smtprelay: on reject: %q is none of refuse, discard, quarantine", o.OnReject)
	case o.OnReject == RejectQuarantine && o.Quarantine == nil:
		return errors.New("smtprelay: quarantine wants a folder")
	case o.Proxy && len(o.Trusted) == 0:
		return errors.New("smtprelay: the PROXY protocol wants trusted networks")
	}
	return o.Upstream.check()
}

func orDefault[T ~int | ~int64 | ~string](v, def T) T {
	var zero T
	if v <= zero {
		return def
	}
	return v
}

// Relay is a running relay.
type Relay struct {
	opts    Options
	server  *accept.Server
	clients clients
}

// New returns a Relay that is ready to serve.
func New(opts Options) (*Relay, error) {
	opts.setDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	r := &Relay{opts: opts, clients: clients{max: opts.MaxConnectionsClient, by: map[netip.Addr]int{}}}
	r.server = accept.New(opts.MaxConnections, opts.Log, func(nc net.Conn) accept.Conn { return r.newSession(nc) })
	return r, nil
}

// Serve accepts clients on l until Shutdown.
func (r *Relay) Serve(l net.Listener) error { return r.server.Serve(l) }

// Shutdown takes no more clients, answers 421 to those that are between
// messages, and waits for messages under way until ctx ends; then it breaks
// them off unacknowledged, so that their senders try again.
func (r *Relay) Shutdown(ctx context.Context) error { return r.server.Shutdown(ctx) }

// Connections returns how many clients there are, and how many of them have a
// message under way.
func (r *Relay) Connections() (open, busy int) { return r.server.Len(), r.server.Busy() }
