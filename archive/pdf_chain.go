package archive

import (
	"errors"
	"fmt"
	"io"
)

// pdfBody decodes one reading of a stream.
type pdfBody struct {
	r      io.Reader
	damage pdfDamage
	hold   []interface{ release() }
	image  bool // an image codec's data are passed on as they are
}

func (b *pdfBody) release() {
	for _, s := range b.hold {
		s.release()
	}
	b.hold = nil
}

// open makes the decoder of a stream's bytes up to end. The error is
// ErrUnsupported for a filter that is not known, ErrLimit for rows that are too
// long.
func (x *pdfIndex) open(st *pdfStream, end int64, chain []pdfFilter, m pdfCipher) (*pdfBody, error) {
	b := &pdfBody{}
	section := io.NewSectionReader(x.src, st.start, max(0, end-st.start))
	b.r = &pdfMeter{&source{section}, x.work, pdfRawWeight}
	if m != pdfPlain {
		b.r = x.crypt.reader(m, b.r, st.num, st.gen)
	}
	for i := range chain {
		f := &chain[i]
		if f.image() {
			b.image = true
			return b, nil
		}
		if i > 0 {
			b.r = &pdfMeter{b.r, x.work, 1}
		}
		if err := b.add(f); err != nil {
			b.release()
			return nil, err
		}
	}
	return b, nil
}

// add puts one filter on top of the decoder.
func (b *pdfBody) add(f *pdfFilter) error {
	var s *pdfStage
	switch f.name {
	case "flate":
		z := newPDFFlate(b.r, &b.damage)
		b.r, b.hold = z, append(b.hold, z)
	case "lzw":
		s = newPDFStage(b.r, &b.damage, stepLZW)
		s.lzw = newPDFLZW(f.early)
	case "hex":
		s = newPDFStage(b.r, &b.damage, stepHex)
	case "85":
		s = newPDFStage(b.r, &b.damage, step85)
	case "runlength":
		s = newPDFStage(b.r, &b.damage, stepRunLength)
	case "crypt":
	default:
		return fmt.Errorf("filter: %w", ErrUnsupported)
	}
	if s != nil {
		b.r, b.hold = s, append(b.hold, s)
	}
	if f.predict <= 1 || f.name != "flate" && f.name != "lzw" {
		return nil
	}
	p := newPDFPredictor(b.r, f)
	if p == nil {
		return fmt.Errorf("predictor: %w", ErrLimit)
	}
	b.r, b.hold = p, append(b.hold, p)
	return nil
}

// pdfFlate decodes a zlib stream (RFC 1950) as far as it goes.
type pdfFlate struct {
	in      *inflater
	damage  *pdfDamage
	started bool
	err     error
}

func newPDFFlate(r io.Reader, damage *pdfDamage) *pdfFlate {
	f := inflaters.Get().(*inflater)
	f.in.r = r
	f.buf.Reset(&f.in)
	return &pdfFlate{in: f, damage: damage}
}

func (z *pdfFlate) release() {
	if z.in != nil {
		z.in.release()
		z.in = nil
	}
}

// start passes the zlib header. QUIRK: RFC 1950 section 2.2 has it always; without it
// readers try the bare stream, and go past an end of line in front.
func (z *pdfFlate) start() {
	z.started = true
	if h, _ := z.in.buf.Peek(4); len(h) == 4 && !zlibHeader(h) {
		for i, c := range h[:2] {
			if isPDFSpace(int(c)) && zlibHeader(h[i+1:]) {
				_, _ = z.in.buf.Discard(i + 1)
				break
			}
		}
	}
	if h, _ := z.in.buf.Peek(2); len(h) == 2 && h[0]&0x0f == 8 && h[0]>>4 <= 7 {
		skip := 2
		if h[1]&0x20 != 0 && zlibHeader(h) {
			skip = 6 // the identifier of a preset dictionary
		}
		_, _ = z.in.buf.Discard(skip)
	}
	z.in.restart()
}

// zlibHeader reports whether b begins like a zlib stream.
func zlibHeader(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && (int(b[0])<<8|int(b[1]))%31 == 0
}

func (z *pdfFlate) Read(p []byte) (int, error) {
	if z.err != nil {
		return 0, z.err
	}
	if !z.started {
		z.start()
	}
	n, err := z.in.Read(p)
	if err != nil {
		var below *sourceError
		if err != io.EOF && !errors.As(err, &below) {
			z.damage.broken = true
			err = io.EOF
		}
		z.err = err
	}
	return n, err
}
