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
	defer c.flush()
	for {
		f, line, err := c.wire.command(c.server.opts.CommandTimeout)
		if err != nil {
			c.unread(err)
			return
		}
		c.form = f
		c.server.busy.Add(1)
		more := c.dispatch(f, line)
		c.server.busy.Add(-1)
		if err := c.flush(); err != nil || !more || c.server.Draining() {
			return
		}
	}
}

func (c *conn) flush() error {
	c.nc.SetWriteDeadline(time.Now().Add(c.server.opts.CommandTimeout))
	return c.out.Flush()
}

// unread answers what did not come: a command, a descriptor or a stream.
func (c *conn) unread(err error) {
	c.number = 0 // nothing was asked
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
	name, arg, given := strings.Cut(line, " ")
	cmd, known := commands[name]
	place := alone
	if c.number > 0 {
		place = inSession
	}
	known = known && (given == cmd.path || cmd.either) && cmd.may&place != 0 && (f != bare || cmd.may&unmarked != 0)
	switch {
	case !known && place == inSession:
		c.say("Command invalid inside IDSESSION. ERROR")
		return false
	case !known:
		c.say("UNKNOWN COMMAND")
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
	run    func(c *conn, arg string) bool
	may    place
	path   bool // it needs an argument
	either bool // it may have one
}

// place is where a command may stand.
type place byte

const (
	alone     place = 1 << iota // as a connection's only one
	inSession                   // behind IDSESSION
	unmarked                    // without "n" or "z" before it
)

// commands are those of clamd 1.4.6, and REPORT. STREAM, RAWSCAN and SESSION are
// gone there too.
var commands = map[string]command{
	"PING":            {run: answer("PONG"), may: alone | inSession | unmarked},
	"VERSION":         {run: (*conn).version, may: alone | inSession | unmarked},
	"VERSIONCOMMANDS": {run: (*conn).versionCommands, may: alone | inSession},
	"STATS":           {run: (*conn).stats, may: alone | inSession},
	"RELOAD":          {run: (*conn).reload, may: alone | unmarked},
	"SHUTDOWN":        {run: (*conn).shutdown, may: alone | unmarked},
	"QUIT":            {run: (*conn).shutdown, may: alone | unmarked}, // in clamd too it ends the daemon
	"DETSTATS":        {run: end, may: alone},                         // counts that clamd no longer keeps
	"DETSTATSCLEAR":   {run: end, may: alone},
	"IDSESSION":       {may: alone}, // dispatch knows it
	"END":             {run: end, may: inSession},
	"SCAN":            {run: (*conn).scanFirst, path: true, may: alone | inSession | unmarked},
	"CONTSCAN":        {run: (*conn).scanAll, path: true, may: alone | unmarked},
	"MULTISCAN":       {run: (*conn).scanAll, path: true, may: alone | unmarked},
	"ALLMATCHSCAN":    {run: (*conn).scanMatches, path: true, may: alone},
	"INSTREAM":        {run: (*conn).scanStream, may: alone | inSession},
	"FILDES":          {run: (*conn).scanDescriptor, may: alone | inSession | unmarked},
	"REPORT":          {run: (*conn).report, either: true, may: alone | inSession},
}

func answer(text string) func(*conn, string) bool {
	return func(c *conn, _ string) bool { c.say("%s", text); return true }
}

// end answers nothing and hangs up.
func end(*conn, string) bool { return false }
