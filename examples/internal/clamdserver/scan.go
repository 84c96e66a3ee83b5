package clamdserver

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// result is a report with what it comes to.
type result struct {
	*scanner.Report
	verdict
}

// scan scans r and logs the verdict. The error is that r failed, or that the
// daemon stops.
func (c *conn) scan(name string, r io.Reader) (result, error) {
	s := c.server
	lease := s.opts.Scanners.Acquire()
	defer lease.Release()
	begin := time.Now()
	report, err := lease.ScanFile(s.Context(), name, r)
	s.opts.Observe(report)
	if err != nil && s.Context().Err() != nil {
		return result{}, errStopping
	}
	v := judge(lease.Scanner, report, s.opts.LimitNames)
	s.opts.Log.Info("scan", "name", name, "client", clientOf(c), "verdict", report.Verdict.String(),
		"disposition", report.Disposition.String(), "reference", report.Reference, "size", report.Stats.MessageBytes,
		"duration", time.Since(begin).Round(time.Microsecond).String(), "signatures", strings.Join(v.names, " "))
	return result{report, v}, err
}

var errStopping = errors.New("shutting down")

func clientOf(c *conn) string {
	if a := c.nc.RemoteAddr(); a != nil && a.Network() == "tcp" {
		return a.String()
	}
	return "local"
}

// tell writes the answer for one object unless it is OK, and says whether it did.
func (c *conn) tell(name string, v verdict, all bool) bool {
	switch {
	case len(v.names) > 0:
		if !all {
			v.names = v.names[:1]
		}
		for _, n := range v.names {
			c.say("%s: %s FOUND", oneLine(name), n)
		}
		return true
	case v.fault != "":
		c.say("%s: %s ERROR", oneLine(name), v.fault)
		return true
	}
	return false
}

// oneLine keeps a path from breaking the answer's frame.
func oneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return '?'
		}
		return r
	}, name)
}

// scanDescriptor scans a file whose descriptor was passed. It may come with the
// byte behind the command.
func (c *conn) scanDescriptor(string) bool {
	deadline := time.Now().Add(c.server.opts.CommandTimeout)
	for len(c.wire.files) == 0 && len(c.wire.buf) == 0 {
		if err := c.wire.fill(deadline); err != nil {
			c.unread(err)
			return false
		}
	}
	if len(c.wire.buf) > 0 {
		c.wire.buf = c.wire.buf[1:] // the byte that carried it
	}
	f := c.wire.file()
	if f == nil {
		c.say("No file descriptor received. ERROR")
		return false
	}
	defer f.Close()
	name := fmt.Sprintf("fd[%d]", f.Fd())
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		c.say("%s: Not a regular file ERROR", name)
		return true
	}
	// From its begin, wherever its offset is.
	r, err := c.scan(name, io.NewSectionReader(f, 0, info.Size()))
	switch {
	case errors.Is(err, errStopping):
		return false
	case err != nil:
		c.say("%s: %s ERROR", name, cause(err))
	case !c.tell(name, r.verdict, false):
		c.say("%s: OK", name)
	}
	return true
}

// cause words an error as clamd does.
func cause(err error) string {
	var number syscall.Errno
	switch {
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "Access denied."
	case errors.Is(err, syscall.ENOENT):
		return "File path check failure: No such file or directory."
	case errors.Is(err, errSpecial):
		return "Not supported file type"
	case errors.As(err, &number):
		return oneLine(number.Error()) + "."
	}
	return oneLine(err.Error())
}
