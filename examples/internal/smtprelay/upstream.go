package smtprelay

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/proxyproto"
)

// Upstream says where accepted mail goes.
type Upstream struct {
	Addr    string        // "host:port" or "unix:/path"; "lmtp:" in front has LMTP spoken (RFC 2033)
	TLS     TLSMode       // default TLSOpportunistic
	Config  *tls.Config   // for STARTTLS; nil verifies against the system's roots where TLS is required
	Proxy   bool          // begins with a PROXY header (version 1) that tells who the client is
	HELO    string        // our name; default Options.Hostname
	Dial    time.Duration // to connect; default 15 s
	Timeout time.Duration // of one command or write; default 2 min
	Final   time.Duration // of the reply to the final dot; default 10 min (RFC 5321 section 4.5.3.2.6)
}

// target splits Addr.
func (u *Upstream) target() (network, addr string, lmtp bool) {
	addr, lmtp = strings.CutPrefix(u.Addr, "lmtp:")
	if path, unix := strings.CutPrefix(addr, "unix:"); unix {
		return "unix", path, lmtp
	}
	return "tcp", addr, lmtp
}

// TLSMode says whether the upstream is spoken to under TLS.
type TLSMode string

const (
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where offered, without verifying whose certificate it is
	TLSRequired      TLSMode = "required"      // STARTTLS with a valid certificate, or no delivery
	TLSOff           TLSMode = "off"           // never: for loopback
)

func (u *Upstream) check() error {
	switch u.TLS {
	case "", TLSOpportunistic, TLSRequired, TLSOff:
	default:
		return fmt.Errorf("smtprelay: unknown TLS mode %q for the upstream", u.TLS)
	}
	network, addr, _ := u.target()
	if _, _, err := net.SplitHostPort(addr); err != nil && network == "tcp" {
		return fmt.Errorf("smtprelay: upstream: %w", err)
	}
	return nil
}

func (u *Upstream) setDefaults(hostname string) {
	if u.HELO == "" {
		u.HELO = hostname
	}
	if u.TLS == "" {
		u.TLS = TLSOpportunistic
	}
	u.Dial = orDefault(u.Dial, 15*time.Second)
	u.Timeout = orDefault(u.Timeout, 2*time.Minute)
	u.Final = orDefault(u.Final, 10*time.Minute)
}

// client is one connection to the upstream, for one message at a time. It is small
// and our own because go-smtp's client ends DATA with a dot whenever it is closed,
// changes bare line feeds, and keeps reply texts to itself.
//
// Where it returns a reply, that is the one that our client gets.
type client struct {
	cfg    Upstream
	lmtp   bool
	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	dots   *dotWriter
	ext    map[string]string // keyword in upper case -> parameters
	unhook func() bool       // releases what breaks the connection off when the relay must end
	dirty  bool              // a transaction is open that nobody wants any more
	broken bool              // good for nothing
}

// dial connects for the client at from, and introduces us.
func (u Upstream) dial(ctx context.Context, from netip.AddrPort) (*client, *reply) {
	network, addr, lmtp := u.target()
	d := net.Dialer{Timeout: u.Dial}
	nc, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, tempFail("4.4.1", "Upstream does not answer, try again later")
	}
	c := &client{cfg: u, lmtp: lmtp, unhook: context.AfterFunc(ctx, func() { nc.Close() })}
	c.use(nc)
	if u.Proxy {
		to, _ := netip.ParseAddrPort(nc.RemoteAddr().String()) // a unix socket has none
		c.w.WriteString(proxyproto.Header(from, to))
		c.w.Flush() // a failure is met when the greeting is read
	}
	if fail := c.open(); fail != nil {
		c.abort()
		return nil, fail
	}
	return c, nil
}

func (c *client) use(nc net.Conn) {
	c.conn = nc
	c.r = bufio.NewReaderSize(nc, 4096)
	c.w = bufio.NewWriterSize(deadlineWriter{nc, c.cfg.Timeout}, 64<<10)
}

// open reads the greeting, says EHLO and turns to TLS as configured.
func (c *client) open() *reply {
	greeting, err := c.read(c.cfg.Timeout)
	if err != nil {
		return lost()
	}
	if greeting.code != 220 {
		// The refusal is of us, not of the message: never permanent.
		return tempFail("4.4.1", "Upstream takes no connections, try again later")
	}
	if fail := c.hello(); fail != nil {
		return fail
	}
	if c.cfg.TLS == TLSOff {
		return nil
	}
	if c.offers("STARTTLS") {
		return c.startTLS()
	}
	if c.cfg.TLS == TLSRequired {
		return tempFail("4.7.5", "Upstream offers no TLS")
	}
	return nil
}

func (c *client) hello() *reply {
	c.ext = map[string]string{}
	verbs := []string{"EHLO ", "HELO "}
	if c.lmtp {
		verbs = []string{"LHLO "}
	}
	for _, verb := range verbs {
		rep, err := c.command(verb + c.cfg.HELO)
		if err != nil {
			return lost()
		}
		if rep.code == 250 {
			for _, line := range rep.lines[1:] {
				key, params, _ := strings.Cut(line, " ")
				c.ext[strings.ToUpper(key)] = params
			}
			return nil
		}
	}
	return tempFail("4.4.1", "Upstream refuses our greeting, try again later")
}

func (c *client) offers(keyword string) bool {
	_, ok := c.ext[keyword]
	return ok
}

func (c *client) startTLS() *reply {
	failed := tempFail("4.7.5", "No TLS with the upstream")
	rep, err := c.command("STARTTLS")
	if err != nil || rep.code != 220 || c.r.Buffered() > 0 { // bytes before the handshake would be injected ones
		return failed
	}
	cfg := &tls.Config{}
	if c.cfg.Config != nil {
		cfg = c.cfg.Config.Clone()
	}
	if cfg.ServerName == "" {
		_, addr, _ := c.cfg.target()
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	// Opportunistic TLS gives no assurance of the name, RFC 7435.
	cfg.InsecureSkipVerify = c.cfg.TLS == TLSOpportunistic
	t := tls.Client(c.conn, cfg)
	c.conn.SetDeadline(time.Now().Add(c.cfg.Timeout))
	if err := t.Handshake(); err != nil {
		return failed
	}
	c.conn.SetDeadline(time.Time{})
	c.use(t)
	return c.hello()
}

// command sends one line and reads its reply.
func (c *client) command(line string) (*reply, error) {
	if strings.ContainsAny(line, "\r\n") {
		return nil, errReply // cannot be: no line of ours has them
	}
	c.w.WriteString(line + "\r\n")
	if err := c.w.Flush(); err != nil {
		return nil, err
	}
	return c.read(c.cfg.Timeout)
}

func (c *client) read(timeout time.Duration) (*reply, error) {
	c.conn.SetReadDeadline(time.Now().Add(timeout))
	return readReply(c.r)
}

// exchange is command with the reply made our client's.
func (c *client) exchange(line string) *reply {
	rep, err := c.command(line)
	if err != nil {
		c.broken = true
		return lost()
	}
	c.broken = c.broken || rep.code == 421
	return rep.pass()
}

// mail tells the upstream whose the message is, where it wants to know, and the
// sender.
func (c *client) mail(who attributes, line string) *reply {
	if c.dirty {
		if rep := c.exchange("RSET"); !rep.good() {
			c.broken = true
			return lost()
		}
		c.dirty = false
	}
	if c.offers("XFORWARD") {
		for _, each := range who.commands(c.ext["XFORWARD"]) {
			if rep := c.exchange(each); c.broken { // what else it says is between the two of us
				return rep
			}
		}
	}
	return c.exchange(line)
}

// begin asks for DATA; nil is yes.
func (c *client) begin() *reply {
	rep, err := c.command("DATA")
	switch {
	case err != nil:
		c.broken = true
		return lost()
	case rep.code != 354:
		c.dirty, c.broken = true, c.broken || rep.code == 421 || rep.code < 400
		if rep.code < 400 {
			return tempFail("4.5.0", "Upstream gave an unexpected reply")
		}
		return rep.pass()
	}
	c.dots = &dotWriter{w: c.w}
	return nil
}

// write sends the next bytes of the message. A server that breaks off may have
// said why.
func (c *client) write(p []byte) *reply {
	if _, err := c.dots.Write(p); err == nil {
		return nil
	}
	c.broken = true
	if rep, err := c.read(time.Second); err == nil && rep.code >= 400 {
		return rep.pass()
	}
	return lost()
}

// finish sends the final dot and returns the upstream's answers: one, or with LMTP
// one for each of n recipients. From then on the message is the upstream's.
func (c *client) finish(n int) []*reply {
	c.dots.end() // a write that failed is not the last word: the refusal may be there
	if !c.lmtp {
		n = 1
	}
	var all []*reply
	for range n {
		rep, err := c.read(c.cfg.Final)
		if err != nil {
			c.broken = true
			all = append(all, lost())
			continue
		}
		c.broken = c.broken || rep.code == 421
		all = append(all, rep.pass())
	}
	return all
}

// abort breaks the connection; within DATA that discards the message.
func (c *client) abort() {
	c.broken = true
	c.unhook()
	c.conn.Close()
}

// quit ends the connection in good order, without waiting long.
func (c *client) quit() {
	defer c.unhook()
	c.w.WriteString("QUIT\r\n")
	if c.w.Flush() == nil {
		c.read(time.Second)
	}
	c.conn.Close()
}

func lost() *reply {
	return tempFail("4.4.2", "Connection to the upstream was lost, try again later")
}

// deadlineWriter gives each write its own time.
type deadlineWriter struct {
	net.Conn
	timeout time.Duration
}

func (w deadlineWriter) Write(p []byte) (int, error) {
	w.Conn.SetWriteDeadline(time.Now().Add(w.timeout))
	return w.Conn.Write(p)
}
