package milterserver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// conn is one connection of an MTA: one SMTP session, or several one after the
// other.
type conn struct {
	server *Server
	nc     net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	buf    []byte
	agreed *agreement // nil before the negotiation

	client  string   // facts of the SMTP session
	helo    string   //
	queueID string   // of the message under way or to come
	msg     *message // under way, nil between messages
	busy    atomic.Bool
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{server: s, nc: nc}
	c.in = bufio.NewReaderSize(nc, 64<<10)
	c.out = bufio.NewWriterSize(writeDeadline{nc}, 4<<10)
	return c
}

// writeDeadline gives each write its own time.
type writeDeadline struct{ net.Conn }

func (w writeDeadline) Write(p []byte) (int, error) {
	w.Conn.SetWriteDeadline(time.Now().Add(time.Minute))
	return w.Conn.Write(p)
}

// Close implements accept.Conn.
func (c *conn) Close() { c.nc.Close() }

// Busy implements accept.Conn: a message is under way.
func (c *conn) Busy() bool { return c.busy.Load() }

// Serve answers the MTA's events until it quits.
func (c *conn) Serve() {
	defer c.drop()
	for {
		c.nc.SetReadDeadline(time.Now().Add(c.server.opts.IdleTimeout))
		code, data, err := readPacket(c.in, &c.buf)
		if err == nil {
			err = c.event(code, data)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
			return
		default:
			c.server.opts.Log.Warn("connection broken off", "mta", c.nc.RemoteAddr().String(), "error", err)
			return
		}
	}
}

// event handles one event (libmilter/mfdef.h, SMFIC_*).
func (c *conn) event(code byte, data []byte) error {
	if c.agreed == nil && code != 'O' {
		return errPacket
	}
	switch code {
	case 'O':
		a, answer, err := negotiate(data)
		if err != nil {
			return err
		}
		c.agreed = &a
		return writePacket(c.out, 'O', answer)
	case 'D':
		c.define(data)
		return nil
	case 'A':
		c.drop()
		return nil
	case 'K':
		c.drop()
		c.client, c.helo = "", ""
		return nil
	case 'Q':
		return io.EOF
	case 'E':
		return c.end(data)
	case 'C':
		c.drop()
		c.connect(data)
	case 'H':
		helo, _ := cString(data)
		c.helo = cut(helo)
	case 'M':
		c.begin(data)
	case 'R':
		rcpt, _ := cString(data)
		c.message().addRecipient(cut(unangle(rcpt)))
	case 'L':
		c.header(data)
	case 'N':
		c.message().write([]byte("\r\n"))
	case 'B':
		c.message().write(data)
	}
	// Events that later versions of the protocol may bring are passed over.
	if c.agreed.protocol&noReply[code] != 0 {
		return nil
	}
	return writePacket(c.out, 'c')
}

// maxFact bounds what is kept of a name or an address, in bytes; RFC 5321 section
// 4.5.3.1 allows 256 of a path.
const maxFact = 1024

func cut(fact string) string { return fact[:min(len(fact), maxFact)] }

// define takes macros: the event that they belong to, then names and values.
func (c *conn) define(data []byte) {
	if len(data) == 0 {
		return
	}
	for rest := data[1:]; len(rest) > 0; {
		var name, value string
		name, rest = cString(rest)
		value, rest = cString(rest)
		switch strings.Trim(name, "{}") {
		case "i":
			c.queueID = cut(value)
		case "client_addr":
			if c.client == "" {
				c.client = cut(value)
			}
		}
	}
}

// connect takes the client's address: host, family, port, address.
func (c *conn) connect(data []byte) {
	_, rest := cString(data)
	c.client = ""
	if len(rest) < 3 || rest[0] != '4' && rest[0] != '6' {
		return
	}
	addr, _ := cString(rest[3:])
	c.client = cut(strings.TrimPrefix(addr, "IPv6:"))
}

// begin starts a message with its sender.
func (c *conn) begin(data []byte) {
	c.abandon()
	sender, _ := cString(data)
	c.message().env.Sender = cut(unangle(sender))
}

func unangle(s string) string {
	return strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
}

// message returns the message under way, a new one if there is none: an MTA need
// not send the events that it was not asked for.
func (c *conn) message() *message {
	if c.msg == nil {
		c.busy.Store(true)
		c.msg = newMessage(c.server, &scanner.Envelope{
			ClientAddr: c.client, HELO: c.helo, Direction: c.server.opts.Direction, QueueID: c.queueID,
		})
	}
	return c.msg
}

// header passes a field on as the MTA got it, but for line ends within it.
func (c *conn) header(data []byte) {
	name, rest := cString(data)
	value, _ := cString(rest)
	m := c.message()
	if c.server.opts.Header != "" && strings.EqualFold(strings.TrimSpace(name), c.server.opts.Header) {
		m.forged++
	}
	blank := ""
	if c.agreed.protocol&protoLeadSpace == 0 {
		blank = " " // it was taken away
	}
	value = strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\n", "\r\n")
	m.write([]byte(name + ":" + blank + value + "\r\n"))
}

// drop ends the message under way and forgets its macros.
func (c *conn) drop() {
	c.abandon()
	c.queueID = ""
}

// abandon ends the message under way. Macros may be the next one's already.
func (c *conn) abandon() {
	if c.msg != nil {
		c.msg.close()
		c.msg = nil
	}
	c.busy.Store(false)
}
