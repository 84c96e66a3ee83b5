package archive

import (
	"errors"
	"fmt"
	"io"
)

// pdfBody decodes one reading of a stream.
type pdfBody struct {
	x       *pdfIndex
	reading pdfReading
	r       io.Reader
	damage  pdfDamage
	hold    []interface{ release() }
	unknown bool  // a filter is not known, and was left out
	image   bool  // an image codec's data are passed on as they are
	loose   bool  // deflate is decoded as the most forgiving viewers do
	n       int64 // bytes decoded so far
}

func (b *pdfBody) release() {
	for _, s := range b.hold {
		s.release()
	}
	b.hold = nil
}

// open makes the decoder of one reading of a stream. The error is ErrLimit for rows
// that are too long.
func (x *pdfIndex) open(r pdfReading) (*pdfBody, error) {
	b := &pdfBody{x: x, reading: r, loose: r.flate == pdfLoose}
	return b, b.begin()
}

// begin builds the chain of decoders.
func (b *pdfBody) begin() error {
	x, st, end := b.x, b.reading.st, b.reading.end
	section := io.NewSectionReader(x.src, st.start, max(0, end-st.start))
	b.r = &pdfMeter{&source{section}, x.work, pdfRawWeight}
	if b.reading.cipher != pdfPlain {
		b.r = x.crypt.reader(b.reading.cipher, b.r, st.num, st.gen)
	}
	for i := range b.reading.chain {
		f := &b.reading.chain[i]
		if f.image() {
			b.image = true
			return nil
		}
		if i > 0 {
			b.r = &pdfMeter{b.r, x.work, 1}
		}
		if err := b.add(f); err != nil {
			b.release()
			return err
		}
	}
	return nil
}

// Read decodes. With pdfBoth, where deflate breaks its own rules it begins anew,
// forgivingly, and goes on behind what was already read; where deflate is cut it
// does so for the last symbols, which the fast decoder keeps back.
func (b *pdfBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF && !b.loose && (b.damage.short || b.damage.strict && b.reading.flate == pdfBoth) {
		if n > 0 {
			err = nil // the next call retries
		} else if err = b.retry(); err == nil {
			n, err = b.r.Read(p)
		}
	}
	b.n += int64(n)
	return n, err
}

func (b *pdfBody) retry() error {
	b.release()
	b.loose = true
	if !b.x.work.spend(b.n / pdfRawWeight) {
		return errPDFWork
	}
	if err := b.begin(); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, b.r, b.n)
	return err
}

// add puts one filter on top of the decoder.
func (b *pdfBody) add(f *pdfFilter) error {
	var s *pdfStage
	switch f.name {
	case "flate":
		if b.loose {
			s = newPDFStage(b.r, &b.damage, stepLoose)
			break
		}
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
		b.unknown = true // QUIRK: readers that do not know a filter either leave it out or give up
	}
	if s != nil {
		b.r, b.hold = s, append(b.hold, s)
	}
	if f.predict <= 1 || f.name != "flate" && f.name != "lzw" {
		return nil
	}
	if !f.sane() {
		b.damage.broken = true // viewers give up, or leave it out
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

func (z *pdfFlate) Read(p []byte) (int, error) {
	if z.err != nil {
		return 0, z.err
	}
	if !z.started {
		z.started = true
		skipZlibHeader(z.in.buf)
		z.in.restart()
	}
	n, err := z.in.Read(p)
	if err != nil {
		var below *sourceError
		if err != io.EOF && !errors.As(err, &below) {
			z.damage.broken = true
			z.damage.short = errors.Is(err, io.ErrUnexpectedEOF)
			z.damage.strict = !z.damage.short
			err = io.EOF
		}
		z.err = err
	}
	return n, err
}
