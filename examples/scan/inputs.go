package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/fivefifty/fivefifty/mime"
	"github.com/fivefifty/fivefifty/scanner"
)

// sniffBytes is how much of a file is looked at to tell what it is.
const sniffBytes = 64 << 10

// inputs finds what is to be scanned.
type inputs struct {
	scan      *scanner.Scanner
	scanWhole *scanner.Scanner // for mailboxes that are read as one message
	limits    scanner.Limits
	tempDir   string
	paths     []string
	stdin     io.Reader

	files    atomic.Int64 // files that were found
	symlinks int          // that were not followed
	specials int          // fifos, sockets, devices that were not opened
}

func newInputs(cfg scanner.Config, paths []string, stdin io.Reader) (*inputs, error) {
	s, err := scanner.New(cfg)
	if err != nil {
		return nil, err
	}
	in := &inputs{scan: s, limits: cfg.Limits, tempDir: cfg.TempDir, paths: paths, stdin: stdin}
	cfg.Limits = wholeLimits(cfg.Limits)
	in.scanWhole, err = scanner.New(cfg)
	return in, err
}

// jobs yields the work in the order of the command line; what is in a folder,
// by name.
func (in *inputs) jobs(ctx context.Context) iter.Seq[*job] {
	return func(yield func(*job) bool) {
		for _, path := range in.paths {
			if ctx.Err() != nil || !in.path(ctx, path, yield) {
				return
			}
		}
	}
}

// path yields the jobs of one argument.
func (in *inputs) path(ctx context.Context, path string, yield func(*job) bool) bool {
	if path == "-" {
		in.files.Add(1)
		return in.stream(ctx, "-", in.stdin, func() error { return nil }, yield)
	}
	info, err := os.Stat(path) // an argument may be a link
	switch {
	case err != nil:
		in.files.Add(1)
		return yield(failed(path, cause(err)))
	case info.IsDir():
		return in.folder(ctx, path, yield)
	default:
		in.files.Add(1)
		return in.file(ctx, path, nil, false, yield)
	}
}

// folder yields the jobs of all files below root.
func (in *inputs) folder(ctx context.Context, root string, yield func(*job) bool) bool {
	goOn := true
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			goOn = false
		case err != nil: // a folder that cannot be read
			goOn = yield(failed(path, cause(err)))
		case d.IsDir():
			if isMaildirTmp(path) {
				return fs.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0:
			in.symlinks++
		case !d.Type().IsRegular():
			in.specials++
		default:
			in.files.Add(1)
			info, err := d.Info()
			if err != nil {
				goOn = yield(failed(path, cause(err)))
				break
			}
			goOn = in.file(ctx, path, info, isMaildirFile(path), yield)
		}
		if !goOn {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil && goOn {
		return yield(failed(root, cause(err)))
	}
	return goOn
}

// errReplaced says that a name stands for another file than a moment ago.
var errReplaced = errors.New("was replaced while the folder was read")

// file yields the jobs of one file. found is what the folder said of it, nil if
// it was named on the command line; mail says that its place makes it mail.
func (in *inputs) file(ctx context.Context, path string, found fs.FileInfo, mail bool, yield func(*job) bool) bool {
	f, err := openFile(path, found != nil)
	if err != nil {
		return yield(failed(path, cause(err)))
	}
	info, err := f.Stat()
	if err == nil && found != nil && !os.SameFile(info, found) {
		err = errReplaced
	}
	if err == nil && info.IsDir() {
		err = errReplaced
	}
	if err != nil {
		f.Close()
		return yield(failed(path, cause(err)))
	}
	if !info.Mode().IsRegular() {
		return in.stream(ctx, path, f, f.Close, yield)
	}
	return in.regular(ctx, path, f, info.Size(), mail || isMailName(path), f.Close, yield)
}

// regular yields the jobs of a file that can be read at any offset, and sees to
// it that it is closed.
func (in *inputs) regular(ctx context.Context, name string, f io.ReaderAt, size int64, mail bool, end func() error, yield func(*job) bool) bool {
	from := make([]byte, 16)
	n, err := f.ReadAt(from, 0)
	if err != nil && err != io.EOF {
		end()
		return yield(failed(name, cause(err)))
	}
	if maybeMailbox(from[:n]) {
		head := make([]byte, min(size, sniffBytes))
		n, _ := f.ReadAt(head, 0)
		if isMailbox(head[:n]) {
			m := &mailbox{in: in, name: name, file: f, size: size, end: end}
			return m.jobs(ctx, yield)
		}
	}
	return yield(newJob(func() []*result {
		defer end()
		return in.plain(ctx, name, f, mail)
	}))
}

// plain scans a file that is no mailbox: mail as mail, anything else as an
// attachment. A file that its name or place makes mail, but not its content, is
// scanned as both: mail programs open it all the same.
func (in *inputs) plain(ctx context.Context, name string, f io.ReaderAt, mail bool) []*result {
	whole := func() io.Reader { return io.NewSectionReader(f, 0, 1<<62) }
	report, err := in.scan.ScanFile(ctx, name, whole())
	results := []*result{{file: name, report: report, err: err}}
	if !mail || err != nil {
		return results
	}
	head := make([]byte, sniffBytes)
	n, _ := f.ReadAt(head, 0)
	if n == 0 || mime.IsMessage(head[:n]) {
		return results
	}
	report, err = in.scan.Scan(ctx, whole())
	report.File = name
	return append(results, &result{file: name, reading: "message", extra: true, report: report, err: err})
}

// stream yields the jobs of what can be read only once. Mail and attachments
// are scanned as they come; a mailbox is spooled to be read in several ways.
func (in *inputs) stream(ctx context.Context, name string, r io.Reader, end func() error, yield func(*job) bool) bool {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil {
				rest := io.NewSectionReader(f, at, max(0, info.Size()-at))
				return in.regular(ctx, name, rest, rest.Size(), false, end, yield)
			}
		}
	}
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		end()
		return yield(failed(name, cause(err)))
	}
	all := io.MultiReader(newBytes(head[:n]), r)
	if !isMailbox(head[:n]) {
		return yield(newJob(func() []*result {
			defer end()
			report, err := in.scan.ScanFile(ctx, name, all)
			return []*result{{file: name, report: report, err: err}}
		}))
	}
	f, size, err := in.spool(all)
	end()
	if err != nil {
		return yield(failed(name, err))
	}
	return in.regular(ctx, name, f, size, false, f.Close, yield)
}

// spool copies r to a temporary file that has no name.
func (in *inputs) spool(r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp(in.tempDir, "scan-*")
	if err != nil {
		return nil, 0, err
	}
	os.Remove(f.Name()) // not everywhere possible while it is open
	size, err := io.Copy(f, r)
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("spooling a mailbox: %w", err)
	}
	return f, size, nil
}

// notes says what was left out.
func (in *inputs) notes() (notes []string) {
	if in.symlinks > 0 {
		notes = append(notes, count(in.symlinks, "symbolic link")+" in folders not followed")
	}
	if in.specials > 0 {
		notes = append(notes, count(in.specials, "special file")+" in folders (pipes, sockets, devices) not opened")
	}
	return notes
}

// cause leaves out the operation and the path, which stand beside the error.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
