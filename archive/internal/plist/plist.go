package plist

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

const magic = "bplist"

// headBytes is the length of the magic and the version, trailerBytes that of the trailer
// at the end.
const (
	headBytes    = 8
	trailerBytes = 32
)

// Lengths in bytes from which on an object may carry something: less than the first is
// numbers and identifiers, and strings below the second are what every list has.
const (
	leastData   = 24
	leastString = 64
)

// Format is how a binary property list is found and opened.
var Format = &level.Format{Name: "bplist", Detect: func(p *level.Probe) bool { return isList(p.Head) }, Open: open}

// isList asks for something other than text behind the version.
func isList(b []byte) bool {
	if len(b) <= headBytes || !bytes.HasPrefix(b, []byte(magic)) {
		return false
	}
	for _, c := range b[headBytes:min(len(b), headBytes+16)] {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f {
			return true
		}
	}
	return false
}

// list walks the objects of one file.
type list struct {
	level.Steps
	src    io.ReaderAt
	size   int64
	limits level.Limits
	table  table
	head   [10]byte       // of the present object
	given  map[int64]bool // offsets of objects that are members
	names  map[int64][]string
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, headBytes+16, size, headBytes+16)
	if err != nil {
		return nil, err
	}
	if !isList(head) {
		return nil, level.ErrFormat
	}
	p := &list{src: src, size: size, limits: l, given: map[int64]bool{}, names: map[int64][]string{}}
	whole, err := p.readTrailer()
	if err != nil {
		return nil, err
	}
	if !whole {
		p.Then(p.inRow(headBytes))
		return p, nil
	}
	if err := p.readNames(); err != nil {
		return nil, err
	}
	p.Then(p.listed(0))
	return p, nil
}

// listed yields the next object of the table that carries something.
func (p *list) listed(i int64) level.Step {
	return func() error {
		for ; i < p.table.count; i++ {
			off, err := p.table.offset(i)
			if err != nil {
				return err
			}
			o, err := p.object(off)
			if err != nil {
				return err
			}
			if p.carries(o) {
				p.yield(o)
				p.Then(p.listed(i + 1))
				return nil
			}
		}
		return nil
	}
}

// inRow yields the next object that carries something, of those that follow each other
// from an offset on: where the table is out of reach, that is how writers put them.
func (p *list) inRow(off int64) level.Step {
	return func() error {
		for off < p.size {
			o, err := p.object(off)
			if err != nil {
				return err
			}
			if o.kind == 0x9 || o.kind > kindDict {
				break
			}
			off = o.next
			if p.carries(o) {
				p.yield(o)
				p.Then(p.inRow(off))
				return nil
			}
		}
		return fmt.Errorf("table of objects: %w", level.ErrMalformed)
	}
}

// carries says whether an object is a member, and that only once.
func (p *list) carries(o object) bool {
	least := int64(leastString)
	switch o.kind {
	case kindData:
		least = leastData
	case kindASCII, kindUTF16, kindUTF8:
	default:
		return false
	}
	return o.n >= least && !p.given[o.off]
}

func (p *list) yield(o object) {
	p.given[o.off] = true
	m := &level.Member{Method: "stored", Size: o.n}
	for _, name := range p.names[o.off] {
		level.AddName(m, name, p.limits.NameBytes)
	}
	stored := level.NewStored(p.src, p.size, o.body, o.n, m)
	var body io.Reader = &stored
	if o.kind == kindUTF16 {
		m.Size = -1
		body = transform.NewReader(body, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder())
	}
	p.Yield(m, body)
}

// Kinds of objects, by the upper half of their first byte.
const (
	kindInt   = 0x1
	kindReal  = 0x2
	kindDate  = 0x3
	kindData  = 0x4
	kindASCII = 0x5
	kindUTF16 = 0x6
	kindUTF8  = 0x7
	kindUID   = 0x8
	kindArray = 0xa
	kindOrder = 0xb
	kindSet   = 0xc
	kindDict  = 0xd
)

// object is an object's head. The zero value is what has none.
type object struct {
	off  int64 // of its first byte
	kind byte
	body int64 // offset of what follows the head
	n    int64 // bytes of that
	pair int64 // keys of a dictionary
	next int64 // offset of the object behind it, if they are in a row
}

// object reads the head at an offset. Of a length that is too long the file's end
// decides.
func (p *list) object(off int64) (object, error) {
	o := object{off: off, next: p.size}
	if off < 0 || off >= p.size {
		return o, nil
	}
	got, err := p.src.ReadAt(p.head[:min(int64(len(p.head)), p.size-off)], off)
	b := p.head[:got]
	if err == io.EOF {
		err = nil
	}
	if err != nil || len(b) == 0 {
		return o, err
	}
	o.kind, o.body, o.n = b[0]>>4, off+1, int64(b[0]&0xf)
	switch o.kind {
	case kindInt, kindReal:
		o.n = 1 << min(o.n, 8)
	case kindDate:
		o.n = 8
	case kindUID:
		o.n++
	case kindData, kindASCII, kindUTF16, kindUTF8, kindArray, kindOrder, kindSet, kindDict:
		if o.n == 0xf {
			// The length is an integer object; of its first byte not all readers ask the kind.
			if len(b) < 2 {
				return o, nil
			}
			width := 1 << (b[1] & 3)
			if len(b) < 2+width {
				return o, nil
			}
			o.body, o.n = off+2+int64(width), int64(min(bigEndian(b[2:2+width]), math.MaxInt64>>8))
		}
		switch o.kind {
		case kindUTF16:
			o.n *= 2
		case kindArray, kindOrder, kindSet:
			o.n *= int64(p.table.refSize)
		case kindDict:
			o.pair = o.n
			o.n *= 2 * int64(p.table.refSize)
		}
	default:
		o.n = 0
	}
	o.next = p.size
	if o.n <= p.size-o.body {
		o.next = o.body + o.n
	}
	return o, nil
}

// bigEndian is a number of any length; what is too large is the largest.
func bigEndian(b []byte) uint64 {
	for len(b) > 8 {
		if b[0] != 0 {
			return math.MaxUint64
		}
		b = b[1:]
	}
	var all [8]byte
	copy(all[8-len(b):], b)
	return binary.BigEndian.Uint64(all[:])
}
