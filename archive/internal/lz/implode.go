package lz

import (
	"errors"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Flags of an imploded member, APPNOTE.TXT section 4.4.4.
const (
	FlagImplode8K       = 1 << 1 // the dictionary has 8 KiB, else 4
	FlagImplodeLiterals = 1 << 2 // literals are coded, and copies have at least 3 bytes
)

// Explode decodes method 6, APPNOTE.TXT section 5.3: copies and literals with
// up to three Shannon-Fano codes.
type Explode struct {
	Stream
	low      uint // bits of a distance that are not coded
	coded    bool // literals are
	literals huffman.Decoder
	lengths  huffman.Decoder
	dists    huffman.Decoder
	started  bool
}

// NewExplode decodes implode; flags are those of the zip header.
func NewExplode(in *input.Bytes, flags uint16) *Explode {
	d := &Explode{low: 6, coded: flags&FlagImplodeLiterals != 0}
	if flags&FlagImplode8K != 0 {
		d.low = 7
	}
	d.open(in, d.symbol)
	return d
}

var errImplode = errors.New("impossible implode code")

// readCode reads a code of n symbols: runs of equal code lengths.
func (d *Explode) readCode(c *huffman.Decoder, n int) error {
	runs, err := d.bits.Take(8)
	if err != nil {
		return err
	}
	var lengths [256]uint8
	at := 0
	for range runs + 1 {
		v, err := d.bits.Take(8)
		if err != nil {
			return err
		}
		for range v>>4 + 1 {
			if at == n {
				return errImplode
			}
			lengths[at] = uint8(v&15) + 1
			at++
		}
	}
	if at != n {
		return errImplode
	}
	return c.Init(lengths[:n])
}

func (d *Explode) start() error {
	d.started = true
	if d.coded {
		if err := d.readCode(&d.literals, 256); err != nil {
			return err
		}
	}
	if err := d.readCode(&d.lengths, 64); err != nil {
		return err
	}
	return d.readCode(&d.dists, 64)
}

// symbol decodes one literal or copy. The stream has no end mark.
func (d *Explode) symbol() error {
	if !d.started {
		return d.start()
	}
	if err := d.bits.Want(1); err != nil {
		return err
	}
	literal, err := d.bits.Take(1)
	if err != nil {
		return err
	}
	if literal == 1 {
		return d.literal()
	}
	low, err := d.bits.Take(d.low)
	if err != nil {
		return err
	}
	high, err := d.bits.SymbolInverted(&d.dists)
	if err != nil {
		return err
	}
	n, err := d.bits.SymbolInverted(&d.lengths)
	if err != nil {
		return err
	}
	if n == 63 {
		more, err := d.bits.Take(8)
		if err != nil {
			return err
		}
		n += int(more)
	}
	n += 2
	if d.coded {
		n++
	}
	d.out.repeat(high<<d.low+int(low)+1, n)
	return nil
}

func (d *Explode) literal() error {
	if d.coded {
		c, err := d.bits.SymbolInverted(&d.literals)
		if err == nil {
			d.out.put(byte(c))
		}
		return err
	}
	c, err := d.bits.Take(8)
	if err == nil {
		d.out.put(byte(c))
	}
	return err
}
