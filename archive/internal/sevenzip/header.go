package sevenzip

import (
	"fmt"
	"math"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Identifiers of properties, 7zFormat.txt "Property IDs".
const (
	id7zEnd        = 0x00
	id7zHeader     = 0x01
	id7zArchive    = 0x02
	id7zAdditional = 0x03
	id7zMain       = 0x04
	id7zFiles      = 0x05
	id7zPackInfo   = 0x06
	id7zUnpackInfo = 0x07
	id7zSubStreams = 0x08
	id7zSize       = 0x09
	id7zCRC        = 0x0a
	id7zFolder     = 0x0b
	id7zUnpackSize = 0x0c
	id7zNumStreams = 0x0d
	id7zEmpty      = 0x0e
	id7zEmptyFile  = 0x0f
	id7zNames      = 0x11
	id7zAttributes = 0x15
	id7zEncoded    = 0x17
)

// parser reads a header. Its first error stays; what was read before it is
// kept. A count is compared with the bytes that are left, of which each element
// needs one at least, before anything is made of it.
//
// A folder, a stream and a file take much more room in memory than the one or two bytes
// of the header that they are: only those are kept that can become members. The others
// are read, as what follows stands behind them.
type parser struct {
	c     input.Cursor
	files int // files, streams and folders that are of interest
	err   error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("header: %s: %w", what, level.ErrMalformed)
	}
}

// number reads a number: the leading ones of the first byte are the bytes that
// follow.
func (p *parser) number() uint64 {
	first := p.c.U8()
	var v uint64
	mask := byte(0x80)
	for i := range 8 {
		if first&mask == 0 {
			v |= uint64(first&(mask-1)) << (8 * i)
			break
		}
		v |= uint64(p.c.U8()) << (8 * i)
		mask >>= 1
	}
	if p.c.Short {
		p.fail("ends early")
	}
	return v
}

// id reads the identifier of a property, the end's where there is nothing left.
//
// QUIRK: it is a byte in 7zFormat.txt and a number to 7-Zip, which may take several;
// developers' own properties take nine.
func (p *parser) id() uint64 {
	if len(p.c.Rest) == 0 {
		p.c.Short = true
		return id7zEnd
	}
	return p.number()
}

// size reads a number that is a size; none is negative.
func (p *parser) size() int64 {
	v := p.number()
	if v > math.MaxInt64/4 {
		p.fail("size")
		return 0
	}
	return int64(v)
}

// count reads the number of things that take one byte each at least, of which
// there can be none more than the header has bytes.
func (p *parser) count(what string) int {
	v := p.number()
	if v > uint64(len(p.c.Rest)) {
		p.fail("number of " + what)
		return 0
	}
	return int(v)
}

// bits reads a vector of n bits, the highest first.
func (p *parser) bits(n int) []byte {
	b := p.c.Bytes((n + 7) / 8)
	if p.c.Short {
		p.fail("bit vector")
	}
	return b
}

// defined reads a vector that may be abbreviated to "all".
func (p *parser) defined(n int) func(int) bool {
	if p.c.U8() != 0 {
		return func(int) bool { return true }
	}
	b := p.bits(n)
	return func(i int) bool { return bit(b, i) }
}

func bit(b []byte, i int) bool { return i/8 < len(b) && b[i/8]&(0x80>>(i%8)) != 0 }

// skipTo goes to the property id, over others of a length of their own.
func (p *parser) skipTo(id uint64) {
	for p.err == nil {
		got := p.id()
		if got == id {
			return
		}
		if got == id7zEnd || p.c.Short {
			p.fail("property is missing")
			return
		}
		p.c.Bytes(p.count("bytes"))
	}
}

// database reads a header behind its first byte.
func (p *parser) database() *database {
	db := &database{}
	for p.err == nil {
		switch id := p.id(); id {
		case id7zEnd:
			return db
		case id7zArchive:
			for p.err == nil && p.id() != id7zEnd {
				p.c.Bytes(p.count("bytes"))
			}
		case id7zAdditional:
			p.streams(&database{})
		case id7zMain:
			p.streams(db)
		case id7zFiles:
			p.readFiles(db)
			return db
		default:
			p.fail(fmt.Sprintf("property %#x", id))
		}
		if p.c.Short {
			p.fail("ends early")
		}
	}
	return db
}

// streams reads a StreamsInfo.
func (p *parser) streams(db *database) {
	for p.err == nil {
		switch id := p.id(); {
		case id == id7zPackInfo:
			p.packInfo(db)
		case id == id7zUnpackInfo:
			p.unpackInfo(db)
		case id == id7zSubStreams:
			p.subStreams(db)
		case id == id7zEnd:
			return
		default:
			p.fail(fmt.Sprintf("property %#x of streams", id))
		}
	}
}

func (p *parser) packInfo(db *database) {
	db.packAt = p.size()
	n := p.count("packed streams")
	p.skipTo(id7zSize)
	for i := 0; i < n && p.err == nil; i++ {
		if size := p.size(); i < p.files*max7zStreams {
			db.packSizes = append(db.packSizes, size)
		}
	}
	for p.err == nil {
		switch p.id() {
		case id7zEnd:
			return
		case id7zCRC:
			p.digests(n, func(int, uint32) {})
		default:
			p.fail("property of packed streams")
		}
	}
}

// digests reads the CRCs of n things.
func (p *parser) digests(n int, f func(i int, crc uint32)) {
	has := p.defined(n)
	for i := 0; i < n && p.err == nil; i++ {
		if !has(i) {
			continue
		}
		crc := p.c.U32()
		if p.c.Short {
			p.fail("digests")
			return
		}
		f(i, crc)
	}
}

// skipNumbers passes over n numbers.
func (p *parser) skipNumbers(n int) {
	for ; n > 0 && p.err == nil; n-- {
		p.number()
	}
}
