package pdf

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

const (
	pdfWindow = 64 << 10 // bytes of the file in memory at a time
	pdfBefore = 512      // bytes kept before the position, for the beginning of a trailer
	pdfDigits = 128      // bytes in which the numbers of an object stand
)

// hit is a place in the file where an object or a trailer may begin.
type hit struct {
	at      int64 // behind the keyword
	trailer bool
	num     int64 // of the object, 0 if it cannot be read
	gen     int64
}

// scanner goes through a file and finds every "N G obj" and "trailer",
// wherever they are: the cross reference table says what a reader with a whole
// file sees, which is one reading among others.
type scanner struct {
	src  io.ReaderAt
	size int64
	err  error

	win  []byte
	base int64 // position of win[0]
	pos  int   // in win
	obj  int   // next "obj" at or behind pos; len(win) if none is known
	tra  int   // next "trailer"
	enc  int   // next "/Encrypt"

	end ends
}

// reset goes back to the beginning of the file.
func (s *scanner) reset() {
	s.win, s.base, s.pos, s.obj, s.tra, s.enc = s.win[:0], 0, 0, 0, 0, 0
}

// next finds the next place. It returns false at the end or after an error.
func (s *scanner) next() (hit, bool) {
	for {
		if s.obj < s.pos {
			s.obj = s.find("obj")
		}
		if s.tra < s.pos {
			s.tra = s.find("trailer")
		}
		if s.enc < s.pos {
			s.enc = s.find("/Encrypt")
		}
		i := min(s.obj, s.tra, s.enc)
		if i == len(s.win) {
			if !s.slide() {
				return hit{}, false
			}
			continue
		}
		if i == s.tra {
			s.pos = i + len("trailer")
			return hit{at: s.base + int64(s.pos), trailer: true}, true
		}
		if i == s.enc {
			s.pos = i + len("/Encrypt")
			if h, ok := s.bareTrailer(i); ok {
				return h, true
			}
			continue
		}
		s.pos = i + len("obj")
		if h, ok := s.object(i); ok {
			return h, true
		}
	}
}

// bareTrailer goes back from an "/Encrypt" to where its dictionary begins. QUIRK: mupdf
// takes a dictionary outside of objects for a trailer, whatever stands before it.
func (s *scanner) bareTrailer(i int) (hit, bool) {
	from := max(0, i-pdfBefore)
	j := bytes.LastIndex(s.win[from:i], []byte("<<"))
	return hit{at: s.base + int64(from+j), trailer: true}, j >= 0
}

func (s *scanner) find(word string) int {
	i := bytes.Index(s.win[s.pos:], []byte(word))
	if i < 0 {
		return len(s.win)
	}
	return s.pos + i
}

// slide moves the window forward. The last bytes stay: a keyword may be cut, and
// numbers stand before it.
func (s *scanner) slide() bool {
	if s.win == nil {
		s.win = make([]byte, 0, max(2*pdfBefore, min(pdfWindow, s.size+1)))
	}
	keep := min(len(s.win), pdfBefore)
	cut := min(len(s.win), len("/Encrypt")-1)
	copy(s.win[:keep], s.win[len(s.win)-keep:])
	s.base += int64(len(s.win) - keep)
	s.pos = max(keep-cut, s.pos-(len(s.win)-keep))
	at := s.base + int64(keep)
	n, err := s.src.ReadAt(s.win[keep:min(int64(cap(s.win)), int64(keep)+max(0, s.size-at))], at)
	s.win = s.win[:keep+n]
	s.obj, s.tra, s.enc = s.pos-1, s.pos-1, s.pos-1
	if err != nil && err != io.EOF {
		s.err = &level.SourceError{Err: err}
		return false
	}
	return n > 0
}

// object reads the numbers before the "obj" at i. Without numbers it may be one
// all the same: comments may stand between them.
func (s *scanner) object(i int) (hit, bool) {
	h := hit{at: s.base + int64(i) + 3}
	if i > 0 && isRegular(int(s.win[i-1])) && !text.IsDigit(s.win[i-1]) {
		return h, false // endobj
	}
	// QUIRK: "obj1234" is taken for "obj 1234" by pdf.js.
	if i+3 < len(s.win) && isRegular(int(s.win[i+3])) && !text.IsDigit(s.win[i+3]) {
		return h, false
	}
	before := s.win[max(0, i-pdfDigits):i]
	var ok bool
	if h.num, h.gen, ok = numbers(before); !ok {
		h.num, h.gen, _ = numbers(stripComments(before))
	}
	return h, true
}

// numbers reads two integers at the end of b.
func numbers(b []byte) (num, gen int64, ok bool) {
	gen, b, ok = lastNumber(b)
	if !ok || len(b) == 0 || !isSpace(int(b[len(b)-1])) {
		return 0, 0, false
	}
	num, _, ok = lastNumber(b)
	return num, gen, ok
}

func lastNumber(b []byte) (n int64, rest []byte, ok bool) {
	for len(b) > 0 && isSpace(int(b[len(b)-1])) {
		b = b[:len(b)-1]
	}
	i := len(b)
	for i > 0 && text.IsDigit(b[i-1]) {
		i--
	}
	for _, c := range b[i:] {
		if n < 1<<40 {
			n = n*10 + int64(c-'0')
		}
	}
	return n, b[:i], i < len(b)
}

// stripComments returns b without comments, its lines joined by spaces.
func stripComments(b []byte) []byte {
	var out []byte
	for _, line := range bytes.FieldsFunc(b, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line, _, _ = bytes.Cut(line, []byte("%"))
		out = append(append(out, line...), ' ')
	}
	return out
}

// after returns the bytes in the window behind a position, and a reader for what
// follows them.
func (s *scanner) after(at int64) (buf []byte, rest io.Reader) {
	buf = s.win[min(int64(len(s.win)), at-s.base):]
	from := at + int64(len(buf))
	if from >= s.size {
		return buf, nil
	}
	return buf, &level.Marked{R: io.NewSectionReader(s.src, from, s.size-from)}
}

// ends finds "endstream". Its answers for positions that rise cost one pass
// over the file.
type ends struct {
	src      io.ReaderAt
	size     int64
	buf      []byte
	from, at int64 // the first "endstream" at or behind from is at at
	known    bool
}

// next returns the position of the first "endstream" at or behind from, the
// file's size if there is none.
func (e *ends) next(from int64, work *input.Work) (int64, error) {
	if e.known && from >= e.from && from <= e.at {
		return e.at, nil
	}
	if e.buf == nil {
		e.buf = make([]byte, min(16<<10, e.size+1))
	}
	const word = "endstream"
	for at := from; at < e.size; {
		n, err := e.src.ReadAt(e.buf[:min(int64(len(e.buf)), e.size-at)], at)
		if n == 0 && err != nil && err != io.EOF {
			return 0, &level.SourceError{Err: err}
		}
		if !work.Spend(int64(n) / rawWeight) {
			return 0, input.ErrWork
		}
		if i := bytes.Index(e.buf[:n], []byte(word)); i >= 0 {
			e.from, e.at, e.known = from, at+int64(i), true
			return e.at, nil
		}
		if n < len(word) {
			break
		}
		at += int64(n - len(word) + 1)
	}
	e.from, e.at, e.known = from, e.size, true
	return e.size, nil
}
