package pdf

import (
	"bufio"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// filter is one filter of a stream, with those of its parameters that change
// what it decodes (ISO 32000-1 section 7.4).
type filter struct {
	name    string // canonical: "flate", "lzw", "hex", "85", "runlength", "crypt", an image codec's, "" for unknown
	crypt   string // of "crypt": the crypt filter's name
	early   bool   // of "lzw"
	predict int64  // predictor; 0 and 1 are none
	colors  int64
	bits    int64
	columns int64
}

// filterNames are the names and the abbreviations. Section 7.4.1 allows the
// latter in inline images only; readers take them anywhere.
var filterNames = map[string]string{
	"FlateDecode": "flate", "Fl": "flate", "LZWDecode": "lzw", "LZW": "lzw",
	"ASCIIHexDecode": "hex", "AHx": "hex", "ASCII85Decode": "85", "A85": "85",
	"RunLengthDecode": "runlength", "RL": "runlength", "Crypt": "crypt",
	"DCTDecode": "dct", "DCT": "dct", "JPXDecode": "jpx", "JPX": "jpx",
	"CCITTFaxDecode": "ccitt", "CCF": "ccitt", "JBIG2Decode": "jbig2",
}

// image reports whether the filter is an image codec, whose input is passed on as
// it is.
func (f *filter) image() bool {
	return f.name == "dct" || f.name == "jpx" || f.name == "ccitt" || f.name == "jbig2"
}

// damage is what the stages of a chain find.
type damage struct {
	broken bool // something cannot be decoded
	strict bool // it is deflate, and not for want of bytes
	short  bool // it is deflate that is cut
}

// stage is one decoder of a chain. Its Read returns io.EOF at the first byte
// that cannot be decoded, as viewers show what comes before; other errors are the
// source's.
type stage struct {
	in     *bufio.Reader
	damage *damage
	out    []byte // decoded and not yet read
	err    error
	step   func(s *stage) // decodes some more into out, or sets err
	hold   []byte         // the buffer of out

	lzw   *pdfLZW
	loose *lz.InflateAny
	group [5]byte // of ASCII85
	n     int
}

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}

func newStage(r io.Reader, damage *damage, step func(*stage)) *stage {
	s := &stage{in: readers.Get().(*bufio.Reader), damage: damage, step: step}
	s.in.Reset(&level.Marked{R: r})
	return s
}

func (s *stage) release() {
	if s.loose != nil {
		s.loose.Release()
		s.loose = nil
	}
	if s.in != nil {
		s.in.Reset(nil)
		readers.Put(s.in)
		s.in = nil
	}
	if s.lzw != nil {
		pdfLZWs.Put(s.lzw)
		s.lzw = nil
	}
}

func (s *stage) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.out = s.hold[:0]
		s.step(s)
		s.hold = s.out
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// byte returns the next byte of the input. At its end, which comes before the
// filter's own end, the stream is broken.
func (s *stage) byte() (byte, bool) {
	c, err := s.in.ReadByte()
	if err != nil {
		s.err = err
		return 0, false
	}
	return c, true
}

func (s *stage) fault() {
	s.damage.broken = true
	s.err = io.EOF
}

const pdfOut = 1 << 10 // bytes that a step decodes, about

// stepHex decodes digits up to the ">" (section 7.4.2).
func stepHex(s *stage) {
	for len(s.out) < pdfOut {
		c, ok := s.byte()
		if !ok || c == '>' {
			if s.err == nil {
				s.err = io.EOF
			}
			if s.n == 1 {
				s.out = append(s.out, s.group[0]<<4)
			}
			return
		}
		d := text.HexDigit(int(c))
		if d < 0 {
			if !isSpace(int(c)) {
				s.damage.broken = true // readers skip it, or stop
			}
			continue
		}
		if s.n == 0 {
			s.group[0], s.n = byte(d), 1
			continue
		}
		s.out, s.n = append(s.out, s.group[0]<<4|byte(d)), 0
	}
}

// step85 decodes base 85 up to the "~>" (section 7.4.3).
func step85(s *stage) {
	for len(s.out) < pdfOut {
		c, ok := s.byte()
		switch {
		case !ok, c == '~':
			if s.err == nil {
				s.err = io.EOF
			}
			s.end85()
			return
		case c >= '!' && c <= 'u':
			s.group[s.n] = c - '!'
			if s.n++; s.n == 5 {
				s.put85(4)
			}
		case c == 'z' && s.n == 0:
			s.out = append(s.out, 0, 0, 0, 0)
		case isSpace(int(c)):
		case c == '<': // QUIRK: Adobe's own "<~" in front, which section 7.4.3 does not have
			if next, _ := s.in.Peek(1); len(next) == 1 && next[0] == '~' {
				_, _ = s.in.Discard(1)
			}
		default:
			s.damage.broken = true
		}
	}
}

// put85 writes the first n bytes of a group.
func (s *stage) put85(n int) {
	var v uint32
	for _, d := range s.group {
		v = v*85 + uint32(d)
	}
	word := [4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
	s.out = append(s.out, word[:n]...)
	s.n = 0
}

func (s *stage) end85() {
	if s.n < 2 {
		return
	}
	n := s.n - 1
	for i := s.n; i < 5; i++ {
		s.group[i] = 84
	}
	s.put85(n)
}

// stepRunLength decodes runs up to the byte 128 (section 7.4.5).
func stepRunLength(s *stage) {
	for len(s.out) < pdfOut {
		c, ok := s.byte()
		if !ok || c == 128 {
			if s.err == nil {
				s.err = io.EOF
			}
			return
		}
		if c > 128 {
			b, ok := s.byte()
			if !ok {
				return
			}
			for range 257 - int(c) {
				s.out = append(s.out, b)
			}
			continue
		}
		for range int(c) + 1 {
			b, ok := s.byte()
			if !ok {
				return
			}
			s.out = append(s.out, b)
		}
	}
}
