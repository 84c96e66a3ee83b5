package clamdserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// scan scans r and logs the verdict. The error is that r failed, or that the
// daemon stops.
func (c *conn) scan(name string, r io.Reader) (*scanner.Report, error) {
	lease := c.server.opts.Scanners.Acquire()
	defer lease.Release()
	begin := time.Now()
	ctx := scanner.WithEnvelope(c.server.Context(), &scanner.Envelope{ClientAddr: clientOf(c)})
	report, err := lease.ScanFile(ctx, name, r)
	c.server.opts.Observe(report)
	if err != nil && c.server.Context().Err() != nil {
		return report, errStopping
	}
	c.server.opts.Log.Info("scan", "name", name, "verdict", report.Verdict.String(), "disposition", report.Disposition.String(),
		"reference", report.Reference, "size", report.Stats.MessageBytes, "duration", time.Since(begin).Round(time.Microsecond).String(),
		"signatures", strings.Join(c.server.judge(report).names, " "))
	return report, err
}

var errStopping = errors.New("shutting down")

func clientOf(c *conn) string {
	if a := c.nc.RemoteAddr(); a != nil && a.Network() == "tcp" {
		return a.String()
	}
	return ""
}

// tell writes the answer for one object, and says whether something was found.
func (c *conn) tell(name string, r *scanner.Report, all bool) bool {
	v := c.server.judge(r)
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

func (c *conn) scanStream(string) bool {
	s := c.stream()
	r, err := c.scan("stream", s)
	if err == nil {
		// A limit of the scanner ends its reading, not the client's sending.
		_, err = io.Copy(io.Discard, s)
	}
	switch {
	case errors.Is(err, errStreamSize):
		c.say("INSTREAM size limit exceeded. ERROR")
		return false
	case err != nil:
		return false // broken off: no answer, as clamd
	}
	if !c.tell("stream", r, false) {
		c.say("stream: OK")
	}
	return true
}

func (c *conn) stream() *stream {
	return &stream{w: &c.wire, timeout: c.server.opts.StreamTimeout, room: c.server.opts.MaxStream}
}

// scanFile scans a file whose descriptor was passed. It may come with the byte
// behind the command.
func (c *conn) scanFile(string) bool {
	for len(c.wire.files) == 0 {
		if len(c.wire.buf) > 0 || c.wire.fill(c.server.opts.CommandTimeout) != nil {
			c.say("No file descriptor received. ERROR")
			return false
		}
	}
	if len(c.wire.buf) > 0 {
		c.wire.buf = c.wire.buf[1:] // the dummy byte that carried it
	}
	f := c.wire.file()
	defer f.Close()
	name := fmt.Sprintf("fd[%d]", f.Fd())
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		c.say("%s: Not a regular file ERROR", name)
		return true
	}
	r, err := c.scan(name, io.NewSectionReader(f, 0, info.Size()))
	switch {
	case err != nil:
		c.say("%s: %s ERROR", name, oneLine(err.Error()))
	case !c.tell(name, r, false):
		c.say("%s: OK", name)
	}
	return true
}

func (c *conn) scanFirst(path string) bool   { return c.scanPath(path, true, false) }
func (c *conn) scanAll(path string) bool     { return c.scanPath(path, false, false) }
func (c *conn) scanMatches(path string) bool { return c.scanPath(path, false, true) }

// scanPath scans a file, or all files of a folder; first ends at the first hit.
func (c *conn) scanPath(path string, first, all bool) bool {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.say("%s: File path check failure: %s. ERROR", oneLine(path), cause(err))
		return true
	case !info.IsDir() && !info.Mode().IsRegular():
		c.say("%s: Not supported file type ERROR", oneLine(path))
		return true
	case !info.IsDir():
		if !c.scanOne(path, all) {
			c.say("%s: OK", oneLine(path))
		}
		return true
	}
	found := false
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			c.say("%s: %s. ERROR", oneLine(p), cause(err))
			found = true
		case d.Type().IsRegular():
			found = c.scanOne(p, all) || found
			c.out.Flush()
		}
		if found && first || c.server.Context().Err() != nil {
			return fs.SkipAll
		}
		return nil
	})
	if c.server.Context().Err() != nil {
		return false // broken off: what was not looked at is not OK
	}
	if err == nil && !found {
		c.say("%s: OK", oneLine(path))
	}
	return true
}

// scanOne scans a file, and says whether it answered.
func (c *conn) scanOne(path string, all bool) bool {
	f, err := os.Open(path)
	if err != nil {
		c.say("%s: %s. ERROR", oneLine(path), cause(err))
		return true
	}
	defer f.Close()
	r, err := c.scan(path, f)
	if err != nil {
		c.say("%s: %s ERROR", oneLine(path), oneLine(cause(err)))
		return true
	}
	return c.tell(path, r, all)
}

// cause words an error as clamd does.
func cause(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "Access denied"
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

// report answers with the whole report.
func (c *conn) report(path string) bool {
	var r *scanner.Report
	var err error
	if path == "" {
		s := c.stream()
		if r, err = c.scan("stream", s); err == nil {
			_, err = io.Copy(io.Discard, s)
		}
		if err != nil {
			return false
		}
	} else {
		f, ferr := os.Open(path)
		if ferr != nil {
			c.say("%s: %s. ERROR", oneLine(path), cause(ferr))
			return true
		}
		defer f.Close()
		if r, err = c.scan(path, f); err != nil && errors.Is(err, context.Canceled) {
			return false
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		c.say("%s ERROR", oneLine(err.Error()))
		return true
	}
	c.say("%s", text)
	return true
}
