package html

import (
	"bufio"
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Microsoft's Script Encoder (screnc.exe) writes a script so that it does not meet the
// eye; Windows' script hosts run it as it is, in .vbe and .jse files and in pages. Behind
// the mark there is a length in base64, then the text, a checksum in base64, and a mark
// again. No specification was published.
//
// QUIRK: the length and the checksum are not asked.
var (
	scriptMark = []byte("#@~^")
	scriptEnd  = []byte("==^#~@")
)

const (
	scriptLength = 8 // characters of the length: six, and "=="
	scriptSum    = 6 // characters of the checksum before scriptEnd
)

// scriptAlphabets are three permutations of a tab and of the characters from 0x20 to 0x7F.
// Those that would end a line, or a page's tag, are escaped and not permuted.
var scriptAlphabets = [3]string{
	"W.GzVBj/&IA42[vrC89pEhqO\tbD#u<~>^@wJa]\"KoN;LPg*}tT+-,0nkf5%!dMRc?{x)(sY3\x7fmUS|:_eFX1ilZH'\\=$y7`Q 6",
	"n-uR`q^I\\b})6 |z\x7fkc3+hQfv1dTC<:>~@E,*t'7DyY/o&rj9{?8wgSG4x]0#Z[lHUpi.L!$NP\tVs5aKX;W\"mM%(FJ2A=_OBe",
	"{20!)[83=X:5e9\\VsfNEkbYx^}Jmq<`>S@B'Hru17MR\"TjGd- \x7f.L]~loytC&v%$+(#A4\t*D?w;UiacPgQIOFh|6pnz/_KZ,W",
}

// scriptOrder says which alphabet each character of 64 is in.
const scriptOrder = "0120121221210212021200122102122100212120200120210212001220012021"

// scriptEscapes are what stands for those, behind an "@".
var scriptEscapes = map[byte]byte{'&': '\n', '#': '\r', '*': '>', '!': '<', '$': '@'}

// scriptBody decodes one script.
type scriptBody struct {
	in    *bufio.Reader
	index int // characters so far
	err   error
}

// encoded returns the script that begins at a hit. It ends before another one's mark, so
// that no byte is decoded twice.
func (w *walker) encoded(hit found) io.Reader {
	at := hit.at + int64(len(scriptMark))
	text := &input.Meter{R: &level.Marked{R: io.NewSectionReader(w.src, at, max(0, w.size-at))}, Work: w.work, Weight: 1}
	s := &scriptBody{in: bufio.NewReader(text)}
	if length, err := s.in.Peek(scriptLength); err == nil && bytes.HasSuffix(length, scriptEnd[:2]) {
		_, s.err = s.in.Discard(scriptLength)
	}
	return s
}

func (s *scriptBody) Read(p []byte) (n int, err error) {
	for n < len(p) && s.err == nil {
		var next []byte
		next, s.err = s.in.Peek(scriptSum + len(scriptEnd))
		switch {
		case len(next) == 0:
			continue
		case bytes.HasPrefix(next, scriptMark), bytes.HasSuffix(next, scriptEnd):
			s.err = io.EOF
			continue
		}
		s.err = nil // of a read to the end, which is shorter
		c, used := next[0], 1
		if c == '@' && len(next) > 1 {
			if escaped, ok := scriptEscapes[next[1]]; ok {
				c, used = escaped, 2
			}
		}
		if used == 1 {
			c = s.decode(c)
		}
		if c < 0x80 {
			s.index++
		}
		_, _ = s.in.Discard(used)
		p[n] = c
		n++
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, level.Unmarked(s.err)
}

// decode takes a character out of the alphabet whose turn it is.
func (s *scriptBody) decode(c byte) byte {
	alphabet := scriptAlphabets[scriptOrder[s.index%len(scriptOrder)]-'0']
	switch {
	case c == '\t':
		return alphabet[0]
	case c >= ' ' && c < 0x80:
		return alphabet[1+c-' ']
	}
	return c
}
