package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// mailbox is a file of many messages. Where one ends and the next begins is for
// each reader to guess, and whoever sends a message can put lines into it that
// mislead them: a "From " line in the midst of base64 hides from a reader that
// cuts there what another sees. So the messages are scanned as they are cut at
// certain separators, and then the same bytes as others read them:
//
//   - "whole": the file as one message, as a mail client opens it that knows no
//     mailboxes;
//   - "any-from-line": cut at every "From " line before a header;
//   - "content-length": up to where a Content-Length field says that a message
//     ends, if that is elsewhere and a "From " line or the end of file is there.
//
// Such a reading is reported only if it says something that was not said.
type mailbox struct {
	in   *inputs
	name string
	file io.ReaderAt
	size int64
	open atomic.Int64 // jobs that are under way, and the walk itself
	end  func() error // closes file
	said *said
	many bool // more than maxOneMessage
}

// maxOneMessage is how many messages a file may seem to have and yet be taken
// for one message with lines in it that mislead. With more it is a mailbox to
// everyone: to read it as one message meets limits, and those are no news; what
// is found before is.
const maxOneMessage = 64

// maxRereads is how often as many bytes as the mailbox has may be read once more
// because of Content-Length fields that contradict the separators.
const maxRereads = 4

var errRereads = errors.New("mailbox with too many Content-Length fields that contradict its \"From \" lines: not every reading was examined")

// jobs yields the jobs of a mailbox, those for its messages first.
func (m *mailbox) jobs(ctx context.Context, yield func(*job) bool) bool {
	m.said = new(said)
	m.open.Store(1)
	defer m.done()
	n, single := 0, false
	for p, err := range pieces(m.reader(span{0, m.size}), false) {
		if err != nil {
			return yield(failed(m.name, err))
		}
		n++
		if single = p.size() == m.size; single {
			break
		}
		if !yield(m.job(ctx, p.span, n, "")) {
			return false
		}
	}
	whole := span{0, m.size}
	reading := ""
	if !single {
		reading = "whole"
		m.many = n > maxOneMessage
	}
	return yield(m.job(ctx, whole, 0, reading)) && m.lax(ctx, yield) && m.contentLengths(ctx, yield)
}

// lax yields jobs for what other readers cut out of the mailbox.
func (m *mailbox) lax(ctx context.Context, yield func(*job) bool) bool {
	for p, err := range pieces(m.reader(span{0, m.size}), true) {
		if err != nil {
			return yield(failed(m.name, err))
		}
		if (!p.startCertain || !p.endCertain) && !yield(m.job(ctx, p.span, 0, "any-from-line")) {
			return false
		}
	}
	return true
}

// contentLengths yields jobs for the messages that end elsewhere by their
// Content-Length.
func (m *mailbox) contentLengths(ctx context.Context, yield func(*job) bool) bool {
	budget := maxRereads * m.size
	for p, err := range pieces(m.reader(span{0, m.size}), false) {
		if err != nil {
			return yield(failed(m.name, err))
		}
		s, ok := m.byLength(p.span)
		if !ok || s.size() == m.size { // the whole was read
			continue
		}
		if budget -= s.size(); budget < 0 {
			return yield(failed(m.name, errRereads))
		}
		if !yield(m.job(ctx, s, 0, "content-length")) {
			return false
		}
	}
	return true
}

// byLength returns the span of the message that starts where p does, by its
// Content-Length, if that is another one and has an end that a reader believes:
// before a "From " line (blank lines in between or not) or at the end of file.
func (m *mailbox) byLength(p span) (span, bool) {
	head := make([]byte, min(p.size(), mboxAhead))
	n, _ := m.file.ReadAt(head, p.start)
	body, length, ok := contentLength(head[:n])
	if !ok {
		return span{}, false
	}
	end := p.start + int64(body)
	if length > m.size-end {
		return span{}, false
	}
	end += length
	if end >= p.end-4 && end <= p.end { // the blank line before the separator
		return span{}, false
	}
	next := make([]byte, len("\r\n\r\nFrom "))
	k, _ := m.file.ReadAt(next, end)
	next = bytes.TrimLeft(next[:k], "\r\n")
	return span{p.start, end}, len(next) == 0 || bytes.HasPrefix(next, fromLine)
}

// contentLength returns where the body starts in a message that begins with
// head, and what the last Content-Length field before it says.
func contentLength(head []byte) (body int, length int64, ok bool) {
	for body < len(head) {
		line := head[body:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		body += len(line)
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return body, length, ok
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if found && bytes.EqualFold(bytes.TrimRight(name, " \t"), []byte("Content-Length")) {
			n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
			length, ok = n, err == nil && n >= 0
		}
	}
	return 0, 0, false
}

// job scans one span as one message.
func (m *mailbox) job(ctx context.Context, s span, number int, reading string) *job {
	m.open.Add(1)
	scan, beyond := m.in.scan, false
	if reading == "whole" {
		if beyond = m.many; !beyond {
			scan = m.in.scanWhole
		}
	}
	j := newJob(func() []*result {
		defer m.done()
		report, err := scan.Scan(ctx, m.reader(s))
		report.File = m.name
		return []*result{{file: m.name, message: number, reading: reading, extra: reading != "", beyond: beyond, report: report, err: err}}
	})
	j.said = m.said
	return j
}

func (m *mailbox) reader(s span) io.Reader {
	return io.NewSectionReader(m.file, s.start, s.size())
}

// done closes the file after the last job.
func (m *mailbox) done() {
	if m.open.Add(-1) == 0 {
		m.end()
	}
}

// wholeLimits are the limits for a mailbox of a few messages that is read as one
// message: each message in it may use up some of what one may, and stands within
// the one before it, which is found in the text of that.
func wholeLimits(l scanner.Limits) scanner.Limits {
	l.Depth = int(times(int64(l.Depth), 5))
	l.Entities = int(times(int64(l.Entities), maxOneMessage))
	l.Objects = int(times(int64(l.Objects), 4))
	l.TotalBytes = times(l.TotalBytes, 4)
	l.Work = times(l.Work, 4)
	l.Time = time.Duration(times(int64(l.Time), 4))
	return l
}

// times multiplies; what would overflow stays as it is.
func times(n, by int64) int64 {
	if n > math.MaxInt64/by {
		return n
	}
	return n * by
}
