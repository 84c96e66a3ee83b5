package smtprelay

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/proxyproto"
)

// session is one client's connection. One goroutine serves it; Close and Busy are
// called from others.
type session struct {
	relay   *Relay
	raw     net.Conn   // as accepted
	mu      sync.Mutex // held while something is written, and during a TLS handshake
	nc      net.Conn   // raw, or TLS on top of it
	r       *bufio.Reader
	w       *bufio.Writer
	trusted bool // the peer may tell who its client is
	client  clientInfo
	counted netip.Addr // under which the session is counted; invalid if under none

	until   time.Time    // by when what is read now must be complete; zero: each read has the idle time
	message atomic.Int64 // deadline of the message under way in Unix nanoseconds, 0 = none
	closed  atomic.Bool
	quit    bool // no more commands

	extended bool // EHLO or LHLO was said
	lmtp     bool // LHLO was
	secure   bool // TLS
	login    bool // AUTH has succeeded at the upstream
	errors   int  // commands refused for their syntax or order
	idle     int  // commands since the last message that did nothing for one

	up      *client    // connection to the upstream; nil: none
	forward attributes // of XFORWARD, for the next message
	tx      *transaction
}

// clientInfo is who the client is, as far as it is known.
type clientInfo struct {
	addr netip.Addr
	port uint16
	name string // only a peer that we trust tells it
	helo string
}

const (
	maxCommand  = 2048 // bytes of a command with CRLF: RFC 5321's 512, and what the extensions add
	maxAuthLine = 12288
	maxErrors   = 20
	maxIdle     = 100
)

func (r *Relay) newSession(nc net.Conn) *session {
	peer := peerOf(nc)
	s := &session{relay: r, raw: nc, trusted: contains(r.opts.Trusted, peer.Addr())}
	s.client = clientInfo{addr: peer.Addr(), port: peer.Port()}
	s.use(nc)
	return s
}

func (s *session) use(nc net.Conn) {
	s.nc = nc
	s.r = bufio.NewReaderSize(readerFunc(s.read), 16<<10)
	s.w = bufio.NewWriterSize(deadlineWriter{nc, s.relay.opts.IdleTimeout}, 4096)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// read reads from the client within the time that there is.
func (s *session) read(p []byte) (int, error) {
	deadline := time.Now().Add(s.relay.opts.IdleTimeout)
	if !s.until.IsZero() && s.until.Before(deadline) {
		deadline = s.until
	}
	if m := s.message.Load(); m != 0 && time.Unix(0, m).Before(deadline) {
		deadline = time.Unix(0, m)
	}
	s.nc.SetReadDeadline(deadline)
	return s.nc.Read(p)
}

// Busy implements accept.Conn: a message is under way, its reply included.
func (s *session) Busy() bool { return s.message.Load() != 0 }

// Close implements accept.Conn. A client that is between messages when the relay
// stops learns why, unless it does not read what is being written just now.
func (s *session) Close() {
	if s.closed.Swap(true) {
		return
	}
	if s.relay.server.Draining() {
		s.farewell("421 4.3.2 Service shutting down\r\n")
	}
	s.raw.Close()
}

// Refuse implements accept.Refuser.
func (s *session) Refuse() {
	s.farewell("421 4.3.2 Too many connections, try again later\r\n")
	s.raw.Close()
}

// farewell is the last line. A write that is under way is over in no time, unless the
// client does not read: nobody waits for that.
func (s *session) farewell(line string) {
	for tries := 0; !s.mu.TryLock(); tries++ {
		if tries == 20 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	defer s.mu.Unlock()
	s.nc.SetWriteDeadline(time.Now().Add(time.Second))
	io.WriteString(s.nc, line)
}

// Serve implements accept.Conn.
func (s *session) Serve() {
	defer s.leave()
	if s.greet() != nil {
		return
	}
	for !s.quit {
		line, err := s.readLine(maxCommand)
		switch {
		case errors.Is(err, errLine):
			s.refuseLine(err)
		case err != nil:
			if errors.Is(err, os.ErrDeadlineExceeded) {
				s.reply(say(421, "4.4.2", "Nothing heard for too long"))
			}
			s.flush()
			return
		default:
			s.command(line)
		}
		s.patience()
		// The replies to commands that came in one piece go in one piece (RFC 2920).
		if (s.r.Buffered() == 0 || s.quit) && s.flush() != nil {
			return
		}
	}
}

// leave gives up what the session holds.
func (s *session) leave() {
	s.raw.Close()
	s.endTransaction()
	if s.up != nil {
		go s.up.quit()
	}
	if s.counted.IsValid() {
		s.relay.clients.leave(s.counted)
	}
}

// greet learns who the client is, counts it and says hello.
func (s *session) greet() error {
	if s.relay.opts.Proxy && s.trusted {
		s.until = time.Now().Add(s.relay.opts.IdleTimeout)
		from, err := proxyproto.Read(s.r)
		if err != nil {
			s.relay.opts.Log.Warn("no PROXY header", "client", s.client.addr.String(), "error", err)
			return err
		}
		if from.IsValid() {
			s.client.addr, s.client.port = from.Addr(), from.Port()
		}
	}
	if !s.count() {
		return errTooMany
	}
	s.reply(s.greeting())
	return s.flush()
}

var errTooMany = errors.New("too many connections of one client")

func (s *session) greeting() *reply { return say(220, "", s.relay.opts.Hostname+" ESMTP") }

// count counts the session for its client, and refuses what is too much. Peers
// that speak for others are not counted for themselves.
func (s *session) count() bool {
	if s.counted.IsValid() {
		s.relay.clients.leave(s.counted)
		s.counted = netip.Addr{}
	}
	if s.trusted && contains(s.relay.opts.Trusted, s.client.addr) {
		return true
	}
	if !s.relay.clients.enter(s.client.addr) {
		s.relay.opts.Log.Warn("too many connections", "client", s.client.addr.String())
		s.reply(say(421, "4.7.0", "Too many connections, try again later"))
		s.flush()
		s.quit = true
		return false
	}
	s.counted = s.client.addr
	return true
}

// reply puts a reply into the buffer.
func (s *session) reply(r *reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w.WriteString(r.wire()) // a bufio.Writer's errors are sticky
	if r.code == 421 {
		s.quit = true
	}
	if r.code/10 == 50 || r.code == 535 || r.code == 555 { // syntax, order, passwords, parameters
		s.errors++
	}
}

func (s *session) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Flush()
}

// patience ends with clients that only make mistakes or do nothing.
func (s *session) patience() {
	if !s.quit && (s.errors > maxErrors || s.idle > maxIdle) {
		s.reply(say(421, "4.7.0", "Too many errors or idle commands"))
	}
}

// errLine is a command line that cannot be taken for one.
var (
	errLine     = errors.New("malformed command line")
	errLineLong = fmt.Errorf("%w: too long", errLine)
	errLineEnd  = fmt.Errorf("%w: does not end in CRLF", errLine)
)

// readLine reads a line of at most max bytes, CRLF included, and returns it
// without.
func (s *session) readLine(max int) (string, error) {
	s.until = time.Now().Add(s.relay.opts.IdleTimeout)
	defer func() { s.until = time.Time{} }()
	raw, err := s.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", s.skipLine()
	case err != nil:
		return "", err
	case len(raw) > max:
		return "", errLineLong
	}
	line := raw[:len(raw)-1]
	if bytes.HasSuffix(line, []byte("\r")) {
		line = line[:len(line)-1]
	} else if s.relay.opts.BareNewlines == BareReject {
		return "", errLineEnd
	}
	if bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errLine
	}
	return string(line), nil
}

// skipLine reads the rest of a line that is too long. One that does not end soon
// is no line.
func (s *session) skipLine() error {
	for range 16 {
		_, err := s.r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return cmpErr(err, errLineLong)
		}
	}
	s.quit = true
	return errLineLong
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (s *session) refuseLine(err error) {
	switch {
	case errors.Is(err, errLineLong):
		s.reply(say(500, "5.5.2", "Line too long"))
	case errors.Is(err, errLineEnd):
		// What follows may be smuggled: it is not looked at.
		s.reply(say(500, "5.5.2", "Line does not end in CRLF"))
		s.quit = true
	default:
		s.reply(say(500, "5.5.2", "Control characters in a command"))
	}
}

// startTLS turns to TLS and forgets what the client has said (RFC 3207).
func (s *session) startTLS() {
	switch {
	case s.relay.opts.TLS == nil:
		s.reply(say(502, "5.5.1", "TLS is not offered"))
		return
	case s.secure:
		s.reply(say(503, "5.5.1", "TLS is on"))
		return
	case s.r.Buffered() > 0: // would be taken for what came under TLS
		s.reply(say(503, "5.5.0", "Commands behind STARTTLS"))
		s.quit = true
		return
	}
	s.forget()
	s.reply(say(220, "2.0.0", "Ready to start TLS"))
	if s.flush() != nil {
		s.quit = true
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := tls.Server(s.raw, s.relay.opts.TLS)
	s.raw.SetDeadline(time.Now().Add(s.relay.opts.IdleTimeout))
	if err := t.Handshake(); err != nil {
		s.quit = true
		s.relay.opts.Log.Info("no TLS", "client", s.client.addr.String(), "error", err)
		return
	}
	s.raw.SetDeadline(time.Time{})
	s.secure = true
	s.use(t)
}

// forget brings the session back to its begin.
func (s *session) forget() {
	s.endTransaction()
	if s.login { // so is the upstream to forget it
		s.login, s.up.broken = false, true
		s.checkUpstream()
	}
	s.client.helo, s.extended, s.lmtp, s.forward = "", false, false, nil
}
