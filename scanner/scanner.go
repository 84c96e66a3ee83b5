package scanner

import (
	"context"
	"io"
)

// Scanner scans messages. It is immutable and safe for concurrent use.
type Scanner struct{}

// New returns a Scanner, or an error that names the field of cfg that is wrong.
func New(cfg Config) (*Scanner, error) { return &Scanner{}, nil }

// Scan reads one message from r to its end and reports on it. The report is
// never nil. The error says that the scan itself did not finish: r failed or ctx
// was cancelled; the report then says so too and is never clean. Broken mail is
// not an error.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (*Report, error) { return &Report{}, nil }

// ScanFile scans the file called name, whose content is r: as a message if it
// looks like mail, with or without an mbox line in front, else as an
// attachment.
func (s *Scanner) ScanFile(ctx context.Context, name string, r io.Reader) (*Report, error) {
	return &Report{}, nil
}

// Writer scans one message that is written to it.
type Writer struct{}

// NewWriter begins a scan of one message. The caller must call Close.
func (s *Scanner) NewWriter(ctx context.Context) *Writer { return &Writer{} }

// Write takes the next bytes of the message, and examines every object that
// they complete.
func (w *Writer) Write(p []byte) (int, error) { return len(p), nil }

// Report ends the message and returns the report. Errors are those of Scan.
func (w *Writer) Report() (*Report, error) { return &Report{}, nil }

// Close releases what the scan holds. A message that was not ended by Report is
// abandoned. Close is idempotent.
func (w *Writer) Close() error { return nil }
