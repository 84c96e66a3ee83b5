package smtprelay

import (
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// conn is a client's connection with what go-smtp does not keep: a deadline
// for each read, one for the message, whether a message is under way, and
// whether the client is gone.
type conn struct {
	net.Conn
	client string // IP address
	idle   time.Duration

	stash   []byte       // read ahead by vanished, not yet given out
	gone    atomic.Bool  // a read met the end or an error
	message atomic.Int64 // deadline of the message in Unix nanoseconds, 0 = none under way
	secured atomic.Bool  // STARTTLS was begun
	voice   atomic.Pointer[net.Conn]
	onClose func()
	closed  atomic.Bool
}

// Read implements net.Conn; each call may wait for the idle time, within the
// message's time.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.stash) > 0 {
		n := copy(p, c.stash)
		c.stash = c.stash[n:]
		return n, nil
	}
	deadline := time.Now().Add(c.idle)
	if m := c.message.Load(); m != 0 {
		if end := time.Unix(0, m); end.Before(deadline) {
			deadline = end
		}
	}
	c.Conn.SetReadDeadline(deadline)
	n, err := c.Conn.Read(p)
	if err != nil {
		c.gone.Store(true)
	}
	return n, err
}

// Close implements net.Conn and is idempotent.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.onClose != nil {
		c.onClose()
	}
	return c.Conn.Close()
}

// busy says whether a message is under way, its reply included.
func (c *conn) busy() bool { return c.message.Load() != 0 }

// vanished says whether the client went away in the middle of a BDAT chunk.
// go-smtp ends the message's reader with a plain EOF there (its io.Copy takes
// the connection's end for the chunk's), which would turn half a message into a
// whole one. On a plain connection a complete chunk never reads up to the end.
// Under TLS the end of the session is invisible at this level, so we look
// whether the connection's end follows; what comes instead is kept for Read.
//
// The caller must know that nobody else reads: go-smtp waits for the message's
// result then.
func (c *conn) vanished() bool {
	if c.gone.Load() {
		return true
	}
	if !c.secured.Load() || len(c.stash) > 0 {
		return false
	}
	c.Conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	buf := make([]byte, 4096)
	n, err := c.Conn.Read(buf)
	c.stash = buf[:n]
	if err == nil {
		return false
	}
	ne, ok := err.(net.Error)
	return !ok || !ne.Timeout()
}

// refuse says goodbye from outside of the session's own goroutine and closes.
func (c *conn) refuse(line string) {
	c.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	if voice := c.voice.Load(); voice != nil {
		(*voice).Write([]byte(line + "\r\n"))
	} else if !c.secured.Load() {
		c.Conn.Write([]byte(line + "\r\n"))
	}
	c.Close()
}

// connOf finds our conn below go-smtp's, which may have put TLS on top.
func connOf(nc net.Conn) *conn {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	c, _ := nc.(*conn)
	return c
}
