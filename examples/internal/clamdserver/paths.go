package clamdserver

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// errSpecial is what stands neither for a file nor for a folder.
var errSpecial = errors.New("neither a file nor a folder")

// openFile opens a regular file; a FIFO does not hold it up.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errSpecial
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (c *conn) scanFirst(path string) bool   { return c.scanPath(path, true, false) }
func (c *conn) scanAll(path string) bool     { return c.scanPath(path, false, false) }
func (c *conn) scanMatches(path string) bool { return c.scanPath(path, false, true) }

// scanPath scans a file, or all files of a folder; first ends at the first hit,
// all names each signature that matched.
func (c *conn) scanPath(path string, first, all bool) bool {
	info, err := os.Stat(path)
	answered := false
	switch {
	case err != nil:
		c.fail(path, err)
		return true
	case info.IsDir():
		answered = c.scanFolder(path, first, all)
	default:
		answered = c.scanOne(path, all)
	}
	if c.server.Context().Err() != nil {
		return false // broken off: what was not looked at is not OK
	}
	if !answered {
		c.say("%s: OK", oneLine(path))
	}
	return true
}

// scanFolder scans what is below a folder, and says whether it answered. Unlike
// clamd, which passes over them, it scans files that links lead to; links to
// folders are not followed.
func (c *conn) scanFolder(path string, first, all bool) bool {
	answered := false
	root := strings.TrimRight(path, "/") + "/" // or else a link would not be followed
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			c.fail(p, err)
			answered = true
		case isFile(p, d):
			answered = c.scanOne(p, all) || answered
			_ = c.flush()
		}
		if answered && first || c.server.Context().Err() != nil {
			return fs.SkipAll
		}
		return nil
	})
	return answered
}

func isFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// scanOne scans a file, and says whether it answered.
func (c *conn) scanOne(path string, all bool) bool {
	r, err := c.scanFile(path)
	switch {
	case errors.Is(err, errStopping):
		return true // nothing is said, and nothing is OK
	case err != nil:
		c.fail(path, err)
		return true
	}
	return c.tell(path, r.verdict, all)
}

func (c *conn) scanFile(path string) (result, error) {
	f, err := openFile(path)
	if err != nil {
		return result{}, err
	}
	defer f.Close()
	return c.scan(path, f)
}

// fail answers that a file could not be read.
func (c *conn) fail(path string, err error) {
	c.say("%s: %s ERROR", oneLine(path), cause(err))
}

// report answers with the whole report.
func (c *conn) report(path string) (more bool) {
	var r result
	more = true
	if path == "" {
		if r, more = c.scanChunks(); r.Report == nil {
			return false
		}
	} else {
		var err error
		if r, err = c.scanFile(path); errors.Is(err, errStopping) {
			return false
		} else if err != nil {
			c.fail(path, err)
			return true
		}
	}
	text, err := json.Marshal(r.Report)
	if err != nil {
		c.fail("report", err)
		return more
	}
	c.say("%s", text)
	return more
}
