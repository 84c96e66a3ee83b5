package html

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Bounds of what is read in a text.
const (
	uriWindow  = 64 << 10 // bytes of the text in memory at a time
	uriBack    = 512      // bytes before a colon that are looked at
	uriHead    = 1 << 10  // bytes of a media type and its parameters
	uriLeast   = 16       // decoded bytes below which nothing is a member
	uriLiteral = 64       // characters of base64 that make a string worth decoding
	uriText    = 1 << 10  // bytes that decide whether a file is a text
)

// Format is how a page with embedded data is found and opened.
var Format = &level.Format{Name: "html", Detect: detect, Open: open}

// detect reports whether the file is a text in which data may be embedded: it
// begins like markup, or says so within what Detect reads. A URI behind the first
// MiB is found because the file began as markup, not because it was seen.
func detect(p *level.Probe) bool {
	b := p.Head
	if _, wide := utf16Order(b); wide {
		return bytes.Contains(b[:min(len(b), uriText)], []byte("<\x00")) || bytes.Contains(b[:min(len(b), uriText)], []byte("\x00<"))
	}
	if !isText(b[:min(len(b), uriText)]) {
		return false
	}
	start := bytes.TrimLeft(b[:min(len(b), uriText)], "\xef\xbb\xbf \t\r\n\f")
	if len(start) > 1 && start[0] == '<' && isMarkup(start[1]) || foldPrefix(start, "begin:v") {
		return true
	}
	return hasFold(b, '<', "script", true) || hasFold(b, ':', "data", false) || bytes.Contains(b, []byte("atob(")) ||
		hasFold(p.Tail, ':', "data", false)
}

// isText reports whether b is without the control characters that texts do not
// have, and no PDF file, which may begin like one.
func isText(b []byte) bool {
	for _, c := range b {
		if c < '\t' || c > '\r' && c < ' ' && c != 0x1b && c != 0x1a {
			return false
		}
	}
	return !bytes.HasPrefix(b, []byte("%PDF"))
}

// isMarkup reports whether c can follow the "<" of a tag, comment or instruction.
func isMarkup(c byte) bool {
	return c == '!' || c == '?' || c == '/' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// hasFold reports whether a word stands right behind or before a certain byte.
func hasFold(b []byte, c byte, word string, behind bool) bool {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], c)
		if i < 0 {
			return false
		}
		i += from
		from = i + 1
		if behind && foldPrefix(b[from:], word) || !behind && i >= len(word) && foldPrefix(b[i-len(word):], word) {
			return true
		}
	}
}

func foldPrefix(b []byte, word string) bool {
	return len(b) >= len(word) && bytes.EqualFold(b[:len(word)], []byte(word))
}

// utf16Order reports whether b begins with a byte order mark of UTF-16, and
// whether the high byte comes first.
func utf16Order(b []byte) (big, wide bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return false, true
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return true, true
	}
	return false, false
}

// narrow shows a text in UTF-16 as its low bytes: URIs and base64 are ASCII.
type narrow struct {
	src io.ReaderAt
	big bool
}

func (n narrow) ReadAt(p []byte, off int64) (int, error) {
	pair := make([]byte, 2*min(len(p), 16<<10))
	done := 0
	for done < len(p) {
		part := pair[:2*min(len(p)-done, len(pair)/2)]
		got, err := n.src.ReadAt(part, 2*(off+int64(done)))
		for i := 0; i+1 < got; i += 2 {
			low, high := part[i], part[i+1]
			if n.big {
				low, high = high, low
			}
			if high != 0 {
				low = '?'
			}
			p[done] = low
			done++
		}
		if err != nil && done < len(p) {
			return done, err
		}
	}
	return done, nil
}

// uriHit is a place where embedded data begin.
type uriHit struct {
	at      int64  // of the first character of the data
	quote   byte   // that ends them; 0 if they are not in quotes
	first   byte   // the byte before, if they are not
	base64  bool   // else percent-encoded
	folded  bool   // in a calendar: a line break that no blank follows ends them
	literal bool   // a string in a script
	name    string // "" for none
	ext     string
}

// walker finds data: URIs, the attachments of calendars and what scripts hold
// in base64.
type walker struct {
	src      io.ReaderAt
	size     int64
	work     *input.Work
	calendar bool

	win    []byte // a part of the text, or all of a source that is in memory
	base   int64
	pos    int    // in win
	eof    bool   // win reaches the end
	inside bool   // the byte before pos is of the base64 alphabet
	marks  [3]int // where in win the next ":", "&" and "=" are, if not before pos
	count  int
	until  int64 // end of the base64 already decoded
	body   body
	failed error
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	w := &walker{src: src, size: size, marks: [3]int{-1, -1, -1}}
	is := false
	err := level.Look(src, size, nil, func(p *level.Probe) {
		if is = detect(p); !is {
			return
		}
		if big, wide := utf16Order(p.Head); wide {
			w.src, w.size = narrow{src, big}, size/2
		} else if b, ok := level.InMemory(src, size); ok {
			w.win, w.eof = b, true
		}
		w.calendar = foldPrefix(bytes.TrimLeft(p.Head[:min(len(p.Head), uriText)], "\xef\xbb\xbf \t\r\n\f"), "begin:v")
	})
	if err != nil {
		return nil, err
	}
	if !is {
		return nil, level.ErrFormat
	}
	w.work = &input.Work{Left: 32<<20 + 4*min(w.size, 1<<40)}
	return w, nil
}

func (w *walker) Anomalies() []string { return nil }
func (w *walker) Close()              {}

func (w *walker) Next() (*level.Member, io.Reader, error) {
	body := &w.body
	for w.failed == nil {
		if body.hit.base64 {
			w.until = max(w.until, body.end())
		}
		hit, ok := w.find()
		if !ok {
			break
		}
		body.reset(w, hit)
		// The beginning decides whether it is worth a member.
		enough := body.enough()
		if errors.Is(body.err, level.ErrLimit) {
			w.failed = body.err
			break
		}
		if !enough {
			continue
		}
		w.count++
		m := &level.Member{Size: -1, Method: "percent"}
		if hit.base64 {
			m.Method = "base64"
		}
		if hit.name != "" {
			level.AddName(m, hit.name, 64<<10)
		}
		level.AddName(m, fmt.Sprintf("data-%d%s", w.count, hit.ext), 64<<10)
		if hit.literal {
			level.Note(m, anomaly.Smuggled)
		}
		return m, body, nil
	}
	if w.failed != nil {
		return nil, nil, level.Unmarked(w.failed)
	}
	return nil, nil, io.EOF
}

// find goes on to the next place where data may begin.
func (w *walker) find() (uriHit, bool) {
	for {
		if !w.eof && len(w.win)-w.pos < uriHead+uriBack {
			if !w.slide() {
				return uriHit{}, false
			}
		}
		if w.pos >= len(w.win) {
			return uriHit{}, false
		}
		stop := len(w.win)
		if !w.eof {
			stop -= uriHead
		}
		for w.pos < stop {
			at, run := w.place(stop)
			if at == stop {
				break
			}
			if hit, ok := w.look(at, run); ok || w.failed != nil {
				return hit, ok
			}
		}
		if w.eof && w.pos >= len(w.win) {
			return uriHit{}, false
		}
	}
}

// place goes on to the next byte that is worth a look, or to end; run says that base64
// begins there.
func (w *walker) place(end int) (at int, run bool) {
	mark := w.nextMark(end)
	at = w.nextRun(mark)
	run = at < mark
	w.pos, w.inside = at+1, run
	if at == end {
		w.pos, w.inside = end, isAlpha(w.win[end-1])
	}
	return at, run
}

// nextMark returns where from w.pos on the next ":" is, the next "&", which may begin
// an entity that stands for it, or in a calendar the next "="; end if there is none.
func (w *walker) nextMark(end int) int {
	for i, c := range [...]byte{':', '&', '='} {
		if c == '=' && !w.calendar {
			continue
		}
		if w.marks[i] < w.pos {
			n := bytes.IndexByte(w.win[w.pos:], c)
			if n < 0 {
				n = len(w.win) - w.pos
			}
			w.marks[i] = w.pos + n
		}
		end = min(end, w.marks[i])
	}
	return end
}

// nextRun returns where from w.pos on the next run of base64 begins that is long
// enough and may be of something known; end if none begins before that.
func (w *walker) nextRun(end int) int {
	i := w.pos
	for w.inside && i < end && isAlpha(w.win[i]) {
		i++
	}
	for i < end && i+uriRun <= len(w.win) {
		known := i + uriRun - 1 // a run that begins before it reaches it
		if !isAlpha(w.win[known]) {
			i += uriRun
			continue
		}
		start := known
		for start > i && isAlpha(w.win[start-1]) {
			start--
		}
		if start >= end {
			return end
		}
		for i = known + 1; i < len(w.win) && i < start+uriRun && isAlpha(w.win[i]); {
			i++
		}
		if i == start+uriRun && magicStart[w.win[start]] {
			return start
		}
		for i < end && isAlpha(w.win[i]) {
			i++
		}
	}
	return end
}

// uriRun is how many characters of base64 show what a string is, without gaps.
const uriRun = 16

// isAlpha says whether c is of the alphabet of base64.
func isAlpha(c byte) bool { return alpha[c] }

var alpha = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = true
	}
	return t
}()

// look examines one byte of the window; run says that base64 begins there.
func (w *walker) look(at int, run bool) (uriHit, bool) {
	switch {
	case run && w.base+int64(at) >= w.until:
		return w.literal(at)
	case run:
		return uriHit{}, false
	case w.win[at] == '=':
		return w.attachment(at)
	}
	return w.uri(at)
}

// slide moves the window forward, keeping what is looked back at.
func (w *walker) slide() bool {
	if w.win == nil {
		w.win = make([]byte, 0, max(4*uriHead, min(uriWindow, w.size+1)))
	}
	drop := max(0, w.pos-uriBack)
	n := copy(w.win, w.win[drop:])
	w.base += int64(drop)
	w.pos -= drop
	w.marks = [3]int{-1, -1, -1}
	at := w.base + int64(n)
	want := min(int64(cap(w.win)-n), max(0, w.size-at))
	got, err := w.src.ReadAt(w.win[n:n+int(want)], at)
	w.win = w.win[:n+got]
	if err != nil && err != io.EOF {
		w.failed = err
		return false
	}
	w.eof = at+int64(got) >= w.size || got == 0
	return true
}
