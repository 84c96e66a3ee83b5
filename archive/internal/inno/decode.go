package inno

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// packing says whether something is packed.
type packing int

const (
	unknown packing = iota
	stored
	compressed
)

// methods are what compressed data may be, by their first bytes, the likeliest first:
// the header of a setup has the method, at a place that differs by version.
func methods(b []byte, p packing) (all []string) {
	if p == stored {
		return []string{"stored"}
	}
	if len(b) >= 4 && string(b[:3]) == "BZh" && b[3] >= '1' && b[3] <= '9' {
		all = append(all, "bzip2")
	}
	if zlib.Header(b) {
		all = append(all, "deflate")
	}
	if len(b) >= 2 && b[0] <= 40 && (b[1] == 1 || b[1] >= 0xe0) {
		all = append(all, "lzma2")
	}
	if len(b) >= 6 && b[0] < 9*5*5 && b[5] == 0 {
		all = append(all, "lzma")
	}
	if p == unknown || len(all) == 0 {
		all = append(all, "stored")
	}
	return all
}

// decoders makes the decoders of one file, one at a time.
type decoders struct {
	limit   int64 // Limits.Dictionary
	windows input.Windows
	one     lzma.Reader
	two     lzma.Reader2
	inflate io.ReadCloser
}

// bzip2Bytes is what a block of bzip2 takes.
const bzip2Bytes = 4 << 20

// open decodes by a method what in holds.
func (d *decoders) open(in *bufio.Reader, method string) (io.Reader, error) {
	switch method {
	case "stored":
		return in, nil
	case "bzip2":
		return lz.NewBzip2(in, lz.Bzip2Plain), d.windows.Take(bzip2Bytes)
	case "deflate":
		_, _ = in.Discard(2)
		if d.inflate == nil {
			d.inflate = flate.NewReader(in)
			return d.inflate, nil
		}
		return d.inflate, d.inflate.(flate.Resetter).Reset(in, nil)
	case "lzma2":
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		dict, err := lzma.Dict2(b)
		if err != nil {
			return nil, fmt.Errorf("properties of lzma2: %w", level.ErrMalformed)
		}
		d.two.Reset(in, dict, d.limit)
		return &d.two, nil
	}
	var head [5]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, input.NoEOF(err)
	}
	p, err := lzma.ParseProps(head[:])
	if err != nil {
		return nil, fmt.Errorf("properties of lzma: %w", level.ErrMalformed)
	}
	if err := d.windows.Take(p.ProbBytes()); err != nil {
		return nil, err
	}
	return &d.one, d.one.Reset(in, p, -1, d.limit)
}

// trialBytes is how much must decode where there are several methods.
const trialBytes = 512

// choose opens what a source has by the first method that decodes its begin.
func (d *decoders) choose(source func() (io.Reader, error), p packing) (in *input.Bytes, r io.Reader, method string, err error) {
	src, err := source()
	if err != nil {
		return nil, nil, "", err
	}
	in = input.NewBytes(src)
	head, _ := in.Buf.Peek(zlib.Head)
	all := methods(head, p)
	if method = all[0]; len(all) > 1 {
		in.Release()
		i := slices.IndexFunc(all, func(m string) bool { return m == "stored" || d.decodes(source, m) })
		method = all[max(0, i)]
		if src, err = source(); err != nil {
			return nil, nil, "", err
		}
		in = input.NewBytes(src)
	}
	r, err = d.open(in.Buf, method)
	if err != nil {
		in.Release()
		return nil, nil, method, level.BodyError(err)
	}
	return in, &input.Guarded{R: r}, method, nil
}

// decodes says whether a source begins with what a method decodes.
func (d *decoders) decodes(source func() (io.Reader, error), method string) bool {
	src, err := source()
	if err != nil {
		return false
	}
	in := input.NewBytes(src)
	defer in.Release()
	r, err := d.open(in.Buf, method)
	if err != nil {
		return false
	}
	var b [trialBytes]byte
	_, err = io.ReadFull(&input.Guarded{R: r}, b[:])
	return err == nil || err == io.EOF || err == io.ErrUnexpectedEOF
}
