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
)

// found is a place where embedded data begin.
type found struct {
	kind   kind
	at     int64  // of the first character of the data
	quote  byte   // that ends them; 0 if they are not in quotes
	first  byte   // the byte before, if they are not
	base64 bool   // else percent-encoded, or a script
	name   string // "" for none
	ext    string
}

// kind says what the data are, which decides where they end.
type kind uint8

const (
	uri        kind = iota // a data: URI
	attachment             // in a calendar: a line break that no blank follows ends it
	literal                // base64 in a script, or in any text
	whole                  // base64 that is all of the text
	script                 // encoded for Windows' script hosts
)

// walker finds data: URIs, the attachments of calendars, what texts hold in base64,
// and encoded scripts.
type walker struct {
	src      io.ReaderAt
	size     int64
	work     *input.Work
	calendar bool
	markup   bool
	whole    bool // the text is base64 and nothing else, and has not been yielded

	win    []byte // a part of the text, or all of a source that is in memory
	base   int64
	pos    int                 // in win
	eof    bool                // win reaches the end
	inside bool                // the byte before pos is of the base64 alphabet
	marks  [len(markTexts)]int // where in win the next of nextMark's are, if not before pos
	count  int
	until  int64 // end of the base64 already decoded
	body   body
	failed error
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	w := &walker{src: src, size: size, marks: noMarks}
	is := false
	err := level.Look(src, size, nil, func(p *level.Probe) {
		if is = isPage(p) || isOther(p); !is {
			return
		}
		if b, ok := level.InMemory(src, size); ok {
			w.win, w.eof = b, true
		}
		first := p.Head[:min(len(p.Head), textBytes)]
		w.whole = isBase64(first, size)
		first = skipBlank(first)
		w.calendar = foldPrefix(first, "begin:v")
		w.markup = len(first) > 0 && first[0] == '<' || hasFold(p.Head, '<', "script", true)
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
		if hit.kind == script {
			return w.member(hit, "screnc"), w.encoded(hit), nil
		}
		body.reset(w, hit)
		// The beginning decides whether it is worth a member.
		enough := body.enough(w.size)
		if errors.Is(body.err, level.ErrLimit) {
			w.failed = body.err
			break
		}
		if !enough {
			continue
		}
		method := "percent"
		if hit.base64 {
			method = "base64"
		}
		return w.member(hit, method), body, nil
	}
	if w.failed != nil {
		return nil, nil, level.Unmarked(w.failed)
	}
	return nil, nil, io.EOF
}

func (w *walker) member(hit found, method string) *level.Member {
	w.count++
	m := &level.Member{Size: -1, Method: method}
	if hit.name != "" {
		level.AddName(m, hit.name, 64<<10)
	}
	level.AddName(m, fmt.Sprintf("data-%d%s", w.count, hit.ext), 64<<10)
	if hit.kind == literal && w.markup {
		level.Note(m, anomaly.Smuggled)
	}
	return m
}

// find goes on to the next place where data may begin.
func (w *walker) find() (found, bool) {
	if w.whole {
		w.whole = false
		return found{kind: whole, base64: true, ext: ".bin"}, true
	}
	for {
		if !w.eof && len(w.win)-w.pos < uriHead+uriBack {
			if !w.slide() {
				return found{}, false
			}
		}
		if w.pos >= len(w.win) {
			return found{}, false
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
			return found{}, false
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

// markTexts are what embedded data begin with, or end their headers with: a colon, or an
// entity that may stand for one; an encoded script's mark; in a calendar a sign of
// equality.
var markTexts = [...][]byte{[]byte(":"), []byte("&"), scriptMark, []byte("=")}

var noMarks = [len(markTexts)]int{-1, -1, -1, -1}

// nextMark returns where from w.pos on the next of markTexts is; end if there is none.
func (w *walker) nextMark(end int) int {
	texts := markTexts[:]
	if !w.calendar {
		texts = texts[:len(texts)-1]
	}
	for i, text := range texts {
		if w.marks[i] < w.pos {
			n := bytes.Index(w.win[w.pos:], text)
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
func (w *walker) look(at int, run bool) (found, bool) {
	switch {
	case run && w.base+int64(at) >= w.until:
		return w.literal(at)
	case run:
		return found{}, false
	case w.win[at] == '=':
		return w.attachment(at)
	case w.win[at] == scriptMark[0]:
		return found{kind: script, at: w.base + int64(at), ext: ".txt"}, true
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
	w.marks = noMarks
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
