package smtprelay

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Upstream says where accepted mail goes.
type Upstream struct {
	Addr    string        // host:port
	TLS     TLSMode       // default TLSOpportunistic
	Config  *tls.Config   // for STARTTLS; nil verifies against the system's roots where TLS is required
	HELO    string        // our name; default Options.Hostname
	Dial    time.Duration // to connect; default 15 s
	Timeout time.Duration // of one command or write; default 2 min
	Final   time.Duration // of the reply to the final dot; default 10 min (RFC 5321 section 4.5.3.2.6)
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
	if _, _, err := net.SplitHostPort(u.Addr); err != nil {
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

// client is one connection to the upstream, for one message. It is small and
// our own because go-smtp's client ends DATA with a dot whenever it is closed,
// changes bare line feeds, and keeps reply texts to itself.
//
// Its methods return nil or the reply that our client gets.
type client struct {
	cfg  Upstream
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	dots *dotWriter
	ext  map[string]string // keyword in upper case -> parameters
}

// dial connects and introduces us.
func (u Upstream) dial(ctx context.Context) (*client, *smtp.SMTPError) {
	d := net.Dialer{Timeout: u.Dial}
	nc, err := d.DialContext(ctx, "tcp", u.Addr)
	if err != nil {
		return nil, tempFail(smtp.EnhancedCode{4, 4, 1}, "Upstream does not answer, try again later")
	}
	c := &client{cfg: u}
	c.use(nc)
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
func (c *client) open() *smtp.SMTPError {
	greeting, err := c.read(c.cfg.Timeout)
	if err != nil {
		return lost()
	}
	if greeting.code != 220 {
		// The refusal is of us, not of the message: never permanent.
		return tempFail(smtp.EnhancedCode{4, 4, 1}, "Upstream takes no connections, try again later")
	}
	if fail := c.hello(); fail != nil {
		return fail
	}
	if c.cfg.TLS == TLSOff {
		return nil
	}
	if _, offered := c.ext["STARTTLS"]; offered {
		return c.startTLS()
	}
	if c.cfg.TLS == TLSRequired {
		return tempFail(smtp.EnhancedCode{4, 7, 5}, "Upstream offers no TLS")
	}
	return nil
}

func (c *client) hello() *smtp.SMTPError {
	c.ext = map[string]string{}
	rep, err := c.command("EHLO " + c.cfg.HELO)
	if err != nil {
		return lost()
	}
	if rep.code != 250 {
		if rep, err = c.command("HELO " + c.cfg.HELO); err != nil {
			return lost()
		}
	}
	if rep.code != 250 {
		return tempFail(smtp.EnhancedCode{4, 4, 1}, "Upstream refuses our greeting, try again later")
	}
	for _, line := range rep.lines[1:] {
		key, params, _ := strings.Cut(line, " ")
		c.ext[strings.ToUpper(key)] = params
	}
	return nil
}

func (c *client) startTLS() *smtp.SMTPError {
	failed := tempFail(smtp.EnhancedCode{4, 7, 5}, "No TLS with the upstream")
	rep, err := c.command("STARTTLS")
	if err != nil || rep.code != 220 || c.r.Buffered() > 0 { // bytes before the handshake would be injected ones
		return failed
	}
	cfg := &tls.Config{}
	if c.cfg.Config != nil {
		cfg = c.cfg.Config.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(c.cfg.Addr)
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
func (c *client) command(line string) (reply, error) {
	c.w.WriteString(line + "\r\n")
	if err := c.w.Flush(); err != nil {
		return reply{}, err
	}
	return c.read(c.cfg.Timeout)
}

func (c *client) read(timeout time.Duration) (reply, error) {
	c.conn.SetReadDeadline(time.Now().Add(timeout))
	return readReply(c.r)
}

// expect is command with the reply's class that is success.
func (c *client) expect(class int, line string) *smtp.SMTPError {
	rep, err := c.command(line)
	switch {
	case err != nil:
		return lost()
	case rep.code/100 == class:
		return nil
	}
	return rep.pass()
}

// begin asks for DATA.
func (c *client) begin() *smtp.SMTPError {
	if fail := c.expect(3, "DATA"); fail != nil {
		return fail
	}
	c.dots = &dotWriter{w: c.w}
	return nil
}

// write sends the next bytes of the message. A server that breaks off may have
// said why.
func (c *client) write(p []byte) *smtp.SMTPError {
	_, err := c.dots.Write(p)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errBareNewline):
		return bareNewline()
	}
	if rep, err := c.read(time.Second); err == nil && rep.code >= 400 {
		return rep.pass()
	}
	return lost()
}

// finish sends the final dot and returns the upstream's answer, good or bad,
// and whether there was one: from then on the message is the upstream's.
func (c *client) finish() (out *smtp.SMTPError, answered bool) {
	if err := c.dots.end(); errors.Is(err, errBareNewline) {
		return bareNewline(), false
	}
	// A write that failed is not the last word: the upstream may have refused
	// the message before its end.
	rep, err := c.read(c.cfg.Final)
	if err != nil {
		return lost(), false
	}
	return rep.pass(), true
}

// abort breaks the connection; within DATA that discards the message.
func (c *client) abort() { c.conn.Close() }

// quit ends the connection in good order, without waiting long.
func (c *client) quit() {
	c.w.WriteString("QUIT\r\n")
	if c.w.Flush() == nil {
		c.read(time.Second)
	}
	c.conn.Close()
}

func lost() *smtp.SMTPError {
	return tempFail(smtp.EnhancedCode{4, 4, 2}, "Connection to the upstream was lost, try again later")
}

func bareNewline() *smtp.SMTPError {
	return &smtp.SMTPError{
		Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0},
		Message: "Message has a dot behind a bare CR or LF, which servers read differently",
	}
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
