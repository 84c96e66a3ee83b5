package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fivefifty/fivefifty/scanner"
)

// extract writes the object of one path to a file that is called by its digest,
// never by a name from the mail, and returns that file's name. The input is read
// twice: the first time to learn which bytes the path stands for, since equal
// bytes are shown to engines once, under whichever path they come first.
func extract(ctx context.Context, cfg scanner.Config, o *options, stdin io.Reader) (string, error) {
	f, err := input(o.Paths[0], o.TempDir, stdin)
	if err != nil {
		return "", err
	}
	defer f.Close()
	cfg.Engines = nil
	report, err := scanOnce(ctx, cfg, o.Paths[0], f)
	if err != nil {
		return "", err
	}
	for _, obj := range report.Objects {
		if obj.Path != o.Extract {
			continue
		}
		if len(obj.SHA256) == 0 {
			return "", fmt.Errorf("%s: no byte of it could be had", safe(o.Extract))
		}
		e := &extractor{digest: obj.SHA256.String(), folder: o.ExtractTo}
		cfg.Engines = []scanner.Engine{e}
		if _, err := scanOnce(ctx, cfg, o.Paths[0], f); err != nil {
			return "", err
		}
		if e.err == nil && e.name == "" {
			e.err = errors.New("the object was not met again")
		}
		return e.name, e.err
	}
	return "", fmt.Errorf("no object has the path %s; --json shows all of them", safe(o.Extract))
}

// input opens what is to be read twice.
func input(name, tempDir string, stdin io.Reader) (*os.File, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			f.Close()
			return nil, errors.Join(err, fmt.Errorf("%s is not a regular file", safe(name)))
		}
		return f, nil
	}
	f, _, err := (&inputs{tempDir: tempDir}).spool(stdin)
	return f, err
}

func scanOnce(ctx context.Context, cfg scanner.Config, name string, f io.ReaderAt) (*scanner.Report, error) {
	s, err := scanner.New(cfg)
	if err != nil {
		return nil, err
	}
	return s.ScanFile(ctx, name, io.NewSectionReader(f, 0, 1<<62))
}

// extractor is an engine that writes the object of one digest.
type extractor struct {
	digest string // SHA-256
	folder string
	name   string // of the file that was written
	err    error
}

func (*extractor) Name() string { return "extract" }

func (e *extractor) Inspect(_ context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	if e.name != "" || e.err != nil || obj.SHA256.String() != e.digest {
		return nil, nil
	}
	name := filepath.Join(e.folder, e.digest+".bin")
	if e.err = write(name, obj); e.err == nil {
		e.name = name
	}
	return nil, nil
}

// write makes a file of an object that only its owner can read. One that exists
// stays as it is.
func write(name string, obj *scanner.Object) (err error) {
	b, err := obj.Bytes()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; it is not overwritten", safe(name))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
	}
	return err
}
