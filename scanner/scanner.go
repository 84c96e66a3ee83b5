package scanner

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/mime"
)

// Scanner scans messages. It is immutable and safe for concurrent use.
type Scanner struct {
	engines   []Engine
	limits    Limits
	policy    policy
	cache     Cache
	passwords []string
	tempDir   string
}

// New returns a Scanner, or an error that names the field of cfg that is wrong.
func New(cfg Config) (*Scanner, error) {
	limits, err := cfg.Limits.withDefaults()
	if err != nil {
		return nil, err
	}
	p, err := cfg.Policy.compile()
	if err != nil {
		return nil, err
	}
	for i, e := range cfg.Engines {
		if e == nil {
			return nil, fmt.Errorf("scanner: Config.Engines[%d] is nil", i)
		}
	}
	return &Scanner{
		engines:   slices.Clone(cfg.Engines),
		limits:    limits,
		policy:    p,
		cache:     cfg.Cache,
		passwords: slices.Clone(cfg.Passwords),
		tempDir:   cfg.TempDir,
	}, nil
}

// Scan reads one message from r to its end and reports on it. The report is
// never nil. The error says that the scan itself did not finish: r failed or ctx
// was cancelled; the report then says so too and is never clean. Broken mail is
// not an error.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (*Report, error) {
	w := s.NewWriter(ctx)
	defer w.Close()
	return w.readFrom(r)
}

// sniffBytes is how much of a file is looked at to tell whether it is mail.
const sniffBytes = 64 << 10

// ScanFile scans the file called name, whose content is r: as a message if it
// looks like mail, with or without an mbox line in front, else as an
// attachment. Errors are those of Scan.
func (s *Scanner) ScanFile(ctx context.Context, name string, r io.Reader) (*Report, error) {
	br := bufio.NewReaderSize(r, sniffBytes)
	head, _ := br.Peek(sniffBytes) // an error comes again when it is read
	if mime.IsMessage(head) {
		w := s.NewWriter(ctx)
		defer w.Close()
		w.scan.report.File = name
		return w.readFrom(br)
	}
	return s.scanAttachment(ctx, name, br)
}

// readFrom feeds the message from r and ends it.
func (w *Writer) readFrom(r io.Reader) (*Report, error) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := r.Read(*buf)
		if n > 0 {
			if _, werr := w.Write((*buf)[:n]); werr != nil {
				return w.abort(werr)
			}
		}
		switch {
		case err == io.EOF:
			return w.Report()
		case err != nil:
			return w.abort(fmt.Errorf("scanner: reading the message: %w", err))
		}
	}
}
