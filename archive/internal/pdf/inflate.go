package pdf

import (
	"bufio"
	"errors"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// stepLoose decodes some more of deflate, as the most forgiving viewers do. It is
// slow, and used only on what RFC 1951 does not allow.
func stepLoose(s *stage) {
	if s.loose == nil {
		skipZlibHeader(s.in)
		s.loose = lz.NewInflateAny(input.NewBytes(s.in), lz.InflateLoose)
	}
	var src *level.SourceError
	s.out = slices.Grow(s.out, pdfOut)
	n, err := s.loose.Read(s.out[:cap(s.out)])
	s.out = s.out[:n]
	switch {
	case err == nil || n > 0: // the error comes again
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		s.err = io.EOF
	case errors.As(err, &src):
		s.err = src.Err
	default:
		s.fault()
	}
}

// skipZlibHeader passes the header of a zlib stream. QUIRK: RFC 1950 section 2.2 has it
// always; without it readers try the bare stream, and go past an end of line in
// front.
func skipZlibHeader(in *bufio.Reader) {
	if h, _ := in.Peek(4); len(h) == 4 && !zlib.Header(h) {
		for i, c := range h[:2] {
			if isSpace(int(c)) && zlib.Header(h[i+1:]) {
				_, _ = in.Discard(i + 1)
				break
			}
		}
	}
	if h, _ := in.Peek(2); len(h) == 2 && h[0]&0x0f == 8 && h[0]>>4 <= 7 {
		skip := 2
		if h[1]&0x20 != 0 && zlib.Header(h) {
			skip = 6 // the identifier of a preset dictionary
		}
		_, _ = in.Discard(skip)
	}
}
