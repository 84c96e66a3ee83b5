package main

import (
	"bytes"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/mime"
)

// span is a range of a mailbox's bytes.
type span struct{ start, end int64 }

func (s span) size() int64 { return s.end - s.start }

// piece is a span of a mailbox from one separator to the next. certain says that
// its start, or that of the piece after it, is a certain separator (or the end
// of the file).
type piece struct {
	span
	startCertain, endCertain bool
}

const (
	mboxWindow = 256 << 10 // bytes of the mailbox held at a time
	mboxAhead  = 64 << 10  // bytes of a message that are looked at to see that it is one
	mboxLine   = 1000      // bytes of a "From " line that are looked at
)

// pieces cuts a mailbox (RFC 4155; mboxo, mboxrd, mboxcl, mboxcl2) at its "From "
// lines. The pieces follow upon each other without a gap, from the first byte to
// the last; none is empty. What stands before the first separator belongs to the
// first piece.
//
// A "From " line is a certain separator if an empty line or the start of the
// file is before it and a date in it: nobody who writes mailboxes leaves either
// out. It is an uncertain one, which counts only if lax, if a mail's header
// follows upon it: there are readers that take any "From " line for a separator.
func pieces(r io.Reader, lax bool) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		s := splitter{r: r}
		p := piece{startCertain: true}
		for {
			offset, certain, err := s.next()
			if err != nil && err != io.EOF {
				yield(piece{}, err)
				return
			}
			if err == nil && (!s.content || !certain && !lax) {
				s.content = true
				continue
			}
			p.end, p.endCertain = offset, err == io.EOF || certain
			if p.size() > 0 && !yield(p, nil) || err == io.EOF {
				return
			}
			p = piece{span: span{start: offset}, startCertain: certain}
		}
	}
}

// splitter finds the separators. It holds one window of the mailbox.
type splitter struct {
	r    io.Reader
	buf  []byte // the window
	pos  int    // in buf, of the next byte to look at
	base int64  // offset of buf[0] in the mailbox
	err  error  // of r, after which buf has the last bytes

	inLine  bool // pos is within a line
	filled  bool // the line before pos, or what of pos's line is before it, is not empty
	content bool // a line before the separator that next returned is not empty
}

// next returns the offset of the next separator, or with io.EOF that of the end.
func (s *splitter) next() (offset int64, certain bool, err error) {
	for {
		s.fill()
		if s.pos == len(s.buf) {
			return s.base + int64(s.pos), false, s.err
		}
		rest := s.buf[s.pos:]
		start, after := !s.inLine, s.filled
		s.content = s.content || s.filled
		here := s.base + int64(s.pos)
		n := bytes.IndexByte(rest, '\n') + 1
		s.inLine = n == 0
		line := rest
		if n > 0 {
			line = rest[:n]
		}
		s.pos += len(line)
		s.filled = !start || len(bytes.TrimRight(line, "\r\n")) > 0
		if start && n > 0 && bytes.HasPrefix(line, fromLine) {
			certain := !after && hasDate(line)
			if certain || beginsMessage(rest) {
				return here, certain, nil
			}
		}
	}
}

// fill reads on when less than what may be looked at is left of the window.
func (s *splitter) fill() {
	if s.err != nil || len(s.buf)-s.pos > mboxAhead {
		return
	}
	if s.buf == nil {
		s.buf = make([]byte, 0, mboxWindow)
	}
	rest := copy(s.buf[:cap(s.buf)], s.buf[s.pos:])
	s.base += int64(s.pos)
	s.buf, s.pos = s.buf[:rest], 0
	for len(s.buf) < cap(s.buf) && s.err == nil {
		var n int
		n, s.err = s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
	}
}

var fromLine = []byte("From ")

// beginsMessage says whether a mail's header follows upon the "From " line that
// head starts with.
func beginsMessage(head []byte) bool {
	return mime.IsMessage(head[:min(len(head), mboxAhead)])
}

// isMailbox says whether a file that starts with head is a mailbox, of one or
// more messages: its first line is a "From " line with a date, or one after
// which a mail's header stands.
func isMailbox(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	head = bytes.TrimLeft(head, "\r\n")
	if !bytes.HasPrefix(head, fromLine) {
		return false
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return hasDate(line) || beginsMessage(head)
}

var (
	weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	months   = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
)

// hasDate says whether a "From " line has a date in it, as asctime writes it:
// "From a@b.example Fri Jul  8 12:08:34 2011". A zone may stand before or after
// the year, anything after that, and spaces in the address.
func hasDate(line []byte) bool {
	words := strings.Fields(string(line[:min(len(line), mboxLine)]))
	for i := 1; i+4 < len(words); i++ {
		if slices.Contains(weekdays, words[i]) && slices.Contains(months, words[i+1]) &&
			isNumber(words[i+2], 1, 2) && strings.Count(words[i+3], ":") >= 1 &&
			slices.ContainsFunc(words[i+4:min(len(words), i+7)], func(w string) bool { return isNumber(w, 4, 4) }) {
			return true
		}
	}
	return false
}

// isNumber says whether s is digits, at least shortest and at most longest.
func isNumber(s string, shortest, longest int) bool {
	return len(s) >= shortest && len(s) <= longest && strings.Trim(s, "0123456789") == ""
}
