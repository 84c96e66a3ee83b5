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

func (p *parser) unpackInfo(db *database) {
	p.skipTo(id7zFolder)
	n := p.count("folders")
	if p.c.U8() != 0 {
		p.fail("folders are stored elsewhere")
	}
	for range n {
		if p.err != nil {
			return
		}
		if f := p.folder(); len(db.folders) < p.files {
			db.folders = append(db.folders, f)
		} else {
			db.rest.add(f.outs())
		}
	}
	p.skipTo(id7zUnpackSize)
	for i := range db.folders {
		for range db.folders[i].outs() {
			db.folders[i].sizes = append(db.folders[i].sizes, p.size())
		}
	}
	p.skipNumbers(db.rest.outs)
	for p.err == nil {
		switch p.id() {
		case id7zEnd:
			return
		case id7zCRC:
			p.digests(n, func(i int, crc uint32) {
				if i < len(db.folders) {
					db.folders[i].crc, db.folders[i].hasCRC = crc, true
				} else {
					db.rest.digest(i - len(db.folders))
				}
			})
		default:
			p.fail("property of folders")
		}
	}
}

// rest are the folders behind those that are kept.
type rest struct {
	folders int
	outs    int
	hasCRC  []byte // bits
	streams int    // whose digests are not those of the folders
	cuts    int    // streams that have a size
}

func (r *rest) add(outs int) {
	if r.folders%8 == 0 {
		r.hasCRC = append(r.hasCRC, 0)
	}
	r.folders, r.outs = r.folders+1, r.outs+outs
}

func (r *rest) digest(i int) { r.hasCRC[i/8] |= 0x80 >> (i % 8) }

// divide says that the i-th has n streams.
func (r *rest) divide(i, n int) {
	if n != 1 || !bit(r.hasCRC, i) {
		r.streams += n
	}
	r.cuts += max(0, n-1)
}

// skipNumbers passes over n numbers.
func (p *parser) skipNumbers(n int) {
	for ; n > 0 && p.err == nil; n-- {
		p.number()
	}
}

// Bounds of one folder; 7-Zip's own.
const (
	max7zCoders  = 32
	max7zStreams = 64
)

// folder reads the coders of a folder and how they are joined.
func (p *parser) folder() (f folder) {
	n := p.number()
	if n == 0 || n > max7zCoders {
		p.fail("number of coders")
		return f
	}
	ins, outs := 0, 0
	for range n {
		c := p.coder()
		c.firstIn, c.firstOut = ins, outs
		ins, outs = ins+c.ins, outs+c.outs
		if p.err != nil || ins > max7zStreams || outs > max7zStreams {
			p.fail("number of coders' streams")
			return f
		}
		f.coders = append(f.coders, c)
	}
	for range outs - 1 {
		in, out := p.number(), p.number()
		if in >= uint64(ins) || out >= uint64(outs) {
			p.fail("joint of coders")
			return f
		}
		f.joints = append(f.joints, joint{int(in), int(out)})
	}
	packed := ins - len(f.joints)
	switch {
	case packed < 1:
		p.fail("no packed stream")
	case packed == 1:
		f.packed = []int{f.freeIn(ins)}
	default:
		for range packed {
			in := p.number()
			if in >= uint64(ins) {
				p.fail("packed stream")
				return f
			}
			f.packed = append(f.packed, int(in))
		}
	}
	return f
}

func (p *parser) coder() (c coder) {
	flags := p.c.U8()
	var id uint64
	for _, b := range p.c.Bytes(int(flags & 0x0f)) {
		id = id<<8 | uint64(b)
	}
	c.id, c.ins, c.outs = id, 1, 1
	if flags&0x10 != 0 {
		ins, outs := p.number(), p.number()
		if ins == 0 || ins > max7zStreams || outs == 0 || outs > max7zStreams {
			p.fail("streams of a coder")
			return c
		}
		c.ins, c.outs = int(ins), int(outs)
	}
	if flags&0x20 != 0 {
		c.props = p.c.Bytes(p.count("bytes"))
	}
	if flags&0xc0 != 0 || p.c.Short {
		p.fail("coder")
	}
	return c
}

// subStreams reads how folders are divided.
func (p *parser) subStreams(db *database) {
	id := p.id()
	if id == id7zNumStreams {
		p.divide(db)
		id = p.id()
	} else {
		for i := range db.rest.folders {
			db.rest.divide(i, 1)
		}
	}
	if id == id7zSize {
		p.cuts(db)
		id = p.id()
	}
	for p.err == nil && id != id7zEnd {
		if id == id7zCRC {
			p.subDigests(db)
		} else {
			p.c.Bytes(p.count("bytes"))
		}
		id = p.id()
		if p.c.Short {
			p.fail("streams")
		}
	}
}

// divide reads how many streams each folder has.
func (p *parser) divide(db *database) {
	total := uint64(0)
	for i := range len(db.folders) + db.rest.folders {
		n := p.number()
		// Each but the last has a size of one byte at least.
		if total += n; total > uint64(len(p.c.Rest)+len(db.folders)+db.rest.folders+1) || p.err != nil {
			p.fail("number of streams")
			return
		}
		if i < len(db.folders) {
			db.folders[i].parts, db.folders[i].divided = int(n), true
		} else {
			db.rest.divide(i-len(db.folders), int(n))
		}
	}
}

// cuts reads the sizes of all streams but the last of each folder.
func (p *parser) cuts(db *database) {
	kept := 0
	for i := range db.folders {
		f := &db.folders[i]
		for n := f.streams() - 1; n > 0 && p.err == nil; n-- {
			if size := p.size(); kept < p.files {
				f.cuts = append(f.cuts, size)
				kept++
			}
		}
	}
	p.skipNumbers(db.rest.cuts)
}

// subDigests reads the CRCs of the streams that have none from their folder.
func (p *parser) subDigests(db *database) {
	type place struct{ folder, stream int }
	var want []place
	n := db.rest.streams
	for i := range db.folders {
		f := &db.folders[i]
		k := f.streams()
		if k == 1 && f.hasCRC {
			continue
		}
		n += k
		for j := 0; j < k && len(want) < p.files; j++ {
			want = append(want, place{i, j})
		}
	}
	p.digests(n, func(i int, crc uint32) {
		if i >= len(want) {
			return
		}
		f := &db.folders[want[i].folder]
		for len(f.partCRC) <= want[i].stream {
			f.partCRC = append(f.partCRC, digest{})
		}
		f.partCRC[want[i].stream] = digest{crc, true}
	})
}

// files are the properties of files, kept as they stand in the header.
type files struct {
	n          int // files that are of interest
	declared   uint64
	empty      []byte // bits
	emptyFiles []byte // bits, of the empty ones
	names      [][]byte
	attributes []uint32
	emptyIndex []int // number of empty files before each
}

func (f *files) more() bool             { return f.declared > uint64(f.n) }
func (f *files) isEmpty(i int) bool     { return bit(f.empty, i) }
func (f *files) isEmptyFile(i int) bool { return bit(f.emptyFiles, f.emptyIndex[i]) }

func (f *files) isDir(i int) bool {
	return i < len(f.attributes) && f.attributes[i]&0x10 != 0
}

func (f *files) name(i int) ([]byte, bool) {
	if i >= len(f.names) {
		return nil, false
	}
	return f.names[i], true
}

// readFiles reads a FilesInfo.
func (p *parser) readFiles(db *database) {
	f := &db.files
	f.declared = p.number()
	f.n = int(min(f.declared, uint64(p.files)))
	for p.err == nil {
		id := p.id()
		if id == id7zEnd {
			break
		}
		n := p.number()
		if n > uint64(len(p.c.Rest)) {
			p.fail("property of files")
			break
		}
		q := parser{c: input.Cursor{Rest: p.c.Bytes(int(n))}}
		switch id {
		case id7zEmpty:
			f.empty = q.c.Rest
		case id7zEmptyFile:
			f.emptyFiles = q.c.Rest
		case id7zNames:
			f.readNames(&q)
		case id7zAttributes:
			f.readAttributes(&q)
		}
	}
	empty := 0
	for i := range f.n {
		f.emptyIndex = append(f.emptyIndex, empty)
		if f.isEmpty(i) {
			empty++
		}
	}
}

// readNames cuts the names apart: 16-bit characters, each name ends with a zero.
func (f *files) readNames(q *parser) {
	q.c.U8() // stored elsewhere
	b := q.c.Rest
	for from, i := 0, 0; i+1 < len(b) && len(f.names) < f.n; i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			f.names = append(f.names, b[from:i])
			from = i + 2
		}
	}
}

func (f *files) readAttributes(q *parser) {
	if f.declared > uint64(len(q.c.Rest))*8 {
		return
	}
	has := q.defined(int(f.declared))
	q.c.U8() // stored elsewhere
	for i := range f.n {
		v := uint32(0)
		if has(i) {
			v = q.c.U32()
		}
		f.attributes = append(f.attributes, v)
	}
}
