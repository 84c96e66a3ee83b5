package warc

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Format is how a web archive is found and opened.
var Format = &level.Format{Name: "warc", Detect: func(p *level.Probe) bool { return isVersion(p.Head) }, Open: open}

const magic = "WARC/"

// isVersion says whether b begins with the line that begins a record: "WARC/1.0".
func isVersion(b []byte) bool {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return false
	}
	b = b[len(magic):min(len(b), versionBytes)]
	digits := bytes.TrimLeft(b, "0123456789.")
	return len(digits) < len(b) && len(digits) > 0 && (digits[0] == '\n' || digits[0] == '\r' || digits[0] == ' ' || digits[0] == '\t')
}

// versionBytes is the longest line that begins a record.
const versionBytes = 32

// file is a walk through the records.
type file struct {
	level.Steps
	src      io.ReaderAt
	size     int64
	limits   level.Limits
	versions *input.Search
	segments bool // there are records that go on with another one's block
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, versionBytes, size, versionBytes)
	if err != nil {
		return nil, err
	}
	if !isVersion(head) {
		return nil, level.ErrFormat
	}
	f := &file{src: src, size: size, limits: l, versions: input.NewSearch(src, size, magic)}
	f.Then(f.record(0))
	return f, nil
}

// end is the last step.
func (f *file) end() error {
	if f.segments {
		return fmt.Errorf("records in segments: %w", level.ErrUnsupported)
	}
	return nil
}

// record yields the record at an offset.
func (f *file) record(off int64) level.Step {
	return func() error {
		h, err := f.header(off)
		if err != nil {
			return err
		}
		f.segments = f.segments || h.segment
		begin := off + h.size
		next, err := f.next(begin)
		if err != nil {
			return err
		}
		lengths, honest, err := f.readings(begin, next, h)
		if err != nil {
			return err
		}
		if honest >= 0 {
			// A record within a block is that block's matter.
			if next, err = f.next(honest); err != nil {
				return err
			}
		}
		if next < f.size {
			f.Then(f.record(next))
		} else {
			f.Then(f.end)
		}
		for _, n := range lengths {
			f.block(h, begin, n, honest < 0)
		}
		return nil
	}
}

// next is where the next record begins, at or behind an offset; the file's end if there
// is none.
func (f *file) next(from int64) (int64, error) {
	for {
		at, err := f.versions.Next(from)
		if err != nil {
			return 0, err
		}
		if at < 0 {
			return f.size, nil
		}
		// With the byte before, which ends a line.
		b, err := saferead.UpTo(f.src, at-1, versionBytes+1, f.size, versionBytes+1)
		if err != nil {
			return 0, err
		}
		if len(b) > 0 && b[0] == '\n' && isVersion(b[1:]) {
			return at, nil
		}
		from = at + 1
	}
}

// readings are the lengths that a block may have: those that its header gives, and what
// there is up to the next record. One after which a record or the file's end follows is
// honest, and where that record is looked for; -1 if there is none.
func (f *file) readings(begin, next int64, h *header) (lengths []int64, honest int64, err error) {
	honest = -1
	for _, n := range h.lengths {
		cut := n > f.size-begin
		n = min(n, f.size-begin)
		if !slices.Contains(lengths, n) {
			lengths = append(lengths, n)
		}
		if cut {
			f.Note(anomaly.Truncated)
		} else if honest < 0 {
			ok, err := f.bordered(begin + n)
			if err != nil {
				return nil, 0, err
			}
			if ok {
				honest = begin + n
			}
		}
	}
	if honest >= 0 && len(lengths) == 1 {
		return lengths, honest, nil
	}
	f.Note(anomaly.Size)
	upTo := next - begin
	b, err := saferead.UpTo(f.src, max(begin, next-4), min(4, upTo), f.size, 4)
	if err != nil {
		return nil, 0, err
	}
	upTo -= int64(len(b) - len(bytes.TrimSuffix(b, []byte("\r\n\r\n"))))
	if !slices.Contains(lengths, upTo) {
		lengths = append(lengths, upTo)
	}
	return lengths, honest, nil
}

// bordered says whether a record may end at an offset: the two empty lines that belong
// there may be missing, or more.
func (f *file) bordered(at int64) (bool, error) {
	const look = 16
	b, err := saferead.UpTo(f.src, at, look+versionBytes, f.size, look+versionBytes)
	rest := bytes.TrimLeft(b, "\r\n")
	return len(rest) == 0 && at+int64(len(b)) == f.size || len(b)-len(rest) <= look && isVersion(rest), err
}

// block yields n bytes as a record's block, and what an HTTP message in it transfers.
func (f *file) block(h *header, begin, n int64, lied bool) {
	m := &level.Member{Size: n, Method: "stored"}
	for _, name := range h.names() {
		level.AddName(m, name, f.limits.NameBytes)
	}
	if lied {
		m.Reading = "declared"
		if !slices.Contains(h.lengths, n) {
			m.Reading = "up to the next"
		}
	}
	f.Yield(m, saferead.Section(f.src, begin, n, f.size))
	f.Then(func() error { return f.payload(m, begin, n) })
}
