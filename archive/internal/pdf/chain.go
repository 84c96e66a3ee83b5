package pdf

import (
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// body decodes one reading of a stream.
type body struct {
	x       *index
	reading reading
	r       io.Reader
	damage  damage
	hold    []interface{ release() }
	unknown bool  // a filter is not known, and was left out
	image   bool  // an image codec's data are passed on as they are
	loose   bool  // deflate is decoded as the most forgiving viewers do
	n       int64 // bytes decoded so far
}

func (b *body) release() {
	for _, s := range b.hold {
		s.release()
	}
	b.hold = nil
}

// open makes the decoder of one reading of a stream. The error is ErrLimit for rows
// that are too long.
func (x *index) open(r reading) (*body, error) {
	b := &body{x: x, reading: r, loose: r.flate == pdfLoose}
	return b, b.begin()
}

// begin builds the chain of decoders.
func (b *body) begin() error {
	x, st, end := b.x, b.reading.st, b.reading.end
	section := io.NewSectionReader(x.src, st.start, max(0, end-st.start))
	b.r = &input.Meter{R: &level.Marked{R: section}, Work: x.work, Weight: rawWeight}
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
			b.r = &input.Meter{R: b.r, Work: x.work, Weight: 1}
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
func (b *body) Read(p []byte) (int, error) {
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

func (b *body) retry() error {
	b.release()
	b.loose = true
	if !b.x.work.Spend(b.n / rawWeight) {
		return input.ErrWork
	}
	if err := b.begin(); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, b.r, b.n)
	return err
}

// add puts one filter on top of the decoder.
func (b *body) add(f *filter) error {
	var s *stage
	switch f.name {
	case "flate":
		if b.loose {
			s = newStage(b.r, &b.damage, stepLoose)
			break
		}
		z := newFlate(b.r, &b.damage)
		b.r, b.hold = z, append(b.hold, z)
	case "lzw":
		s = newStage(b.r, &b.damage, stepLZW)
		s.lzw = newLZW(f.early)
	case "hex":
		s = newStage(b.r, &b.damage, stepHex)
	case "85":
		s = newStage(b.r, &b.damage, step85)
	case "runlength":
		s = newStage(b.r, &b.damage, stepRunLength)
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
	p := newPredictor(b.r, f)
	if p == nil {
		return fmt.Errorf("predictor: %w", level.ErrLimit)
	}
	b.r, b.hold = p, append(b.hold, p)
	return nil
}

// pdfFlate decodes a zlib stream (RFC 1950) as far as it goes.
type pdfFlate struct {
	in      *inflater
	damage  *damage
	started bool
	err     error
}

func newFlate(r io.Reader, damage *damage) *pdfFlate {
	return &pdfFlate{in: newInflater(r), damage: damage}
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
		var below *level.SourceError
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
