package clamdserver

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// conn is one client's connection.
type conn struct {
	server *Server
	nc     net.Conn
	wire   wire
	out    *bufio.Writer
	form   form
	number int // of the command in a session, from 1; 0 outside of one
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{server: s, nc: nc, wire: wire{nc: nc}, out: bufio.NewWriter(nc)}
}

// Close implements accept.Conn.
func (c *conn) Close() { c.nc.Close() }

// Busy implements accept.Conn: a command is being answered.
func (c *conn) Busy() bool { return !c.wire.idle.Load() }

// Serve answers one command, or a session's.
func (c *conn) Serve() {
	defer c.wire.close()
	defer c.out.Flush()
	for {
		f, line, err := c.wire.command(c.server.opts.CommandTimeout)
		if err != nil {
			c.unread(err)
			return
		}
		if c.number == 0 {
			c.form = f
		}
		c.server.busy.Add(1)
		more := c.dispatch(f, line)
		c.server.busy.Add(-1)
		c.nc.SetWriteDeadline(time.Now().Add(c.server.opts.CommandTimeout))
		if err := c.out.Flush(); err != nil || !more || c.server.Draining() {
			return
		}
	}
}

// unread answers a command that did not come.
func (c *conn) unread(err error) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.say("COMMAND READ TIMED OUT")
	case errors.Is(err, errCommand):
		c.say("UNKNOWN COMMAND")
	}
}

// say writes one answer.
func (c *conn) say(format string, args ...any) {
	if c.number > 0 {
		fmt.Fprintf(c.out, "%d: ", c.number)
	}
	fmt.Fprintf(c.out, format, args...)
	c.out.WriteByte(c.form.end())
}

// dispatch answers one command, and says whether the session goes on.
func (c *conn) dispatch(f form, line string) (more bool) {
	name, arg, _ := strings.Cut(line, " ")
	cmd, ok := commands[name]
	switch {
	case !ok, cmd.path != (arg != "") && !cmd.either, f == bare && !cmd.bare:
		c.say("UNKNOWN COMMAND")
		return false
	case c.number > 0 && !cmd.session:
		c.say("Command invalid inside IDSESSION. ERROR")
		return false
	case name == "IDSESSION":
		c.number = 1
		return true
	}
	if !cmd.run(c, arg) || c.number == 0 {
		return false
	}
	c.number++
	return true
}

// command is what a name stands for. Its run says whether the connection can be
// used for more.
type command struct {
	run     func(c *conn, arg string) bool
	path    bool // it needs an argument
	either  bool // it may have one
	bare    bool // it may come without "n" or "z"
	session bool // it may come in a session
}

var commands = map[string]command{
	"PING":            {run: answer("PONG"), bare: true, session: true},
	"VERSION":         {run: (*conn).version, bare: true, session: true},
	"VERSIONCOMMANDS": {run: (*conn).versionCommands, session: true},
	"STATS":           {run: (*conn).stats, session: true},
	"RELOAD":          {run: (*conn).reload, bare: true},
	"SHUTDOWN":        {run: (*conn).shutdown, bare: true},
	"IDSESSION":       {}, // dispatch knows it
	"END":             {run: func(*conn, string) bool { return false }, session: true},
	"SCAN":            {run: (*conn).scanFirst, path: true, bare: true, session: true},
	"CONTSCAN":        {run: (*conn).scanAll, path: true, bare: true},
	"MULTISCAN":       {run: (*conn).scanAll, path: true, bare: true},
	"ALLMATCHSCAN":    {run: (*conn).scanMatches, path: true},
	"INSTREAM":        {run: (*conn).scanStream, session: true},
	"FILDES":          {run: (*conn).scanFile, bare: true, session: true},
	"REPORT":          {run: (*conn).report, either: true, session: true},
}

func answer(text string) func(*conn, string) bool {
	return func(c *conn, _ string) bool { c.say("%s", text); return true }
}
