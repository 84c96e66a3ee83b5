package rar3

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Sizes of the codes of RAR 5, and of RAR 7, which has more distances.
const (
	mainSymbols5   = 306
	distSymbols5   = 64
	distSymbols7   = 80
	lowSymbols5    = 16
	lengthSymbols5 = 44
	allSymbols7    = mainSymbols5 + distSymbols7 + lowSymbols5 + lengthSymbols5
)

// Symbols of the main code of RAR 5.
const (
	symFilter5 = 256
	symLast5   = 257 // the last match again
	symRepeat5 = 258 // one of four old distances
	symLength5 = 262
)

// Decoder5 decodes what RAR 5 and 7 pack, one file after the other: blocks with a length
// each, which may bring codes with them. What solid files go on with stays.
type Decoder5 struct {
	output
	src  *bufio.Reader
	in   huffman.Bits
	left blockBytes
	pad  int // bits of the block's last byte that are none of it

	dists                   int // distance symbols
	lengths                 [allSymbols7]byte
	main, dist, low, length huffman.Decoder
	old                     [4]int64
	lastLen                 int
	open                    bool // a block is
	last                    bool // and it is the file's last
	tables                  bool // codes were read

}

// blockBytes are the bytes of a block that are left.
type blockBytes struct {
	src *bufio.Reader
	n   int
}

func (b *blockBytes) ReadByte() (byte, error) {
	if b.n == 0 {
		return 0, io.EOF
	}
	c, err := b.src.ReadByte()
	if err == nil {
		b.n--
	}
	return c, err
}

// New5 returns a decoder with a dictionary of so many bytes, a power of two.
func New5(window int) *Decoder5 { return &Decoder5{output: newOutput(window)} }

// Next begins a file of a version, 50 or 70. A solid one goes on with the dictionary and
// the codes of the one before.
func (d *Decoder5) Next(r io.Reader, version int, solid bool) {
	dists := distSymbols5
	if version == 70 {
		dists = distSymbols7
	}
	d.tables = d.tables && dists == d.dists
	d.dists = dists
	d.src = bufio.NewReaderSize(r, 4<<10)
	d.done, d.err, d.open, d.last = false, nil, false, false
	d.filters.nextFile()
	d.output.length = 0
	if !solid {
		d.w, d.full = 0, false
		d.old, d.lastLen = [4]int64{}, 0
		d.tables = false
	}
}

func (d *Decoder5) Read(p []byte) (int, error) { return d.read(p, d.run) }

// run decodes about n bytes.
func (d *Decoder5) run(n int) error {
	for n > 0 && !d.done {
		if d.output.length > 0 {
			n -= d.copyMatch(n)
			continue
		}
		n--
		switch rest := d.left.n*8 + d.in.Held() - d.pad; {
		case d.open && rest > 0:
			if err := d.step(); err != nil {
				return d.in.Fault(err)
			}
		case d.open && rest < 0:
			return d.in.Fault(ErrCorrupt)
		case d.last:
			d.done = true
		default:
			if err := d.block(); err != nil {
				return err
			}
		}
	}
	return nil
}

// block reads the header of a block: flags, a check byte, the length.
func (d *Decoder5) block() error {
	flags, err := d.src.ReadByte()
	if err != nil {
		return unexpected(err)
	}
	sum, err := d.src.ReadByte()
	if err != nil {
		return unexpected(err)
	}
	sum ^= 0x5a ^ flags
	size := 0
	for i := range flags>>3&3 + 1 {
		b, err := d.src.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		sum ^= b
		size |= int(b) << (8 * i)
	}
	if sum != 0 || flags>>3&3 == 3 {
		return ErrCorrupt
	}
	d.left = blockBytes{d.src, size}
	d.in.Reset(&d.left)
	d.pad = 7 - int(flags&7)
	if size == 0 {
		d.pad = 0
	}
	d.open, d.last = true, flags&0x40 != 0
	if flags&0x80 != 0 {
		return d.readTables()
	}
	if !d.tables {
		return ErrCorrupt
	}
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (d *Decoder5) readTables() error {
	d.lengths = [allSymbols7]byte{}
	l := d.lengths[:mainSymbols5+d.dists+lowSymbols5+lengthSymbols5]
	var pre huffman.Decoder
	if err := readPre(&d.in, &pre); err != nil {
		return err
	}
	if err := readLengths(&d.in, &pre, l); err != nil {
		return err
	}
	for _, c := range []struct {
		d *huffman.Decoder
		n int
	}{{&d.main, mainSymbols5}, {&d.dist, d.dists}, {&d.low, lowSymbols5}, {&d.length, lengthSymbols5}} {
		if c.d.Init(l[:c.n]) != nil {
			return ErrCorrupt
		}
		l = l[c.n:]
	}
	d.tables = true
	return nil
}

// step decodes one symbol.
func (d *Decoder5) step() error {
	s, ok := d.in.Symbol(&d.main)
	if !ok || d.in.Short() {
		return ErrCorrupt
	}
	switch {
	case s < 256:
		d.put(byte(s))
	case s >= symLength5:
		return d.longMatch(s - symLength5)
	case s >= symRepeat5:
		i := s - symRepeat5
		distance := d.old[i]
		copy(d.old[1:i+1], d.old[:i])
		d.old[0] = distance
		slot, ok := d.in.Symbol(&d.length)
		if !ok {
			return ErrCorrupt
		}
		d.lastLen = d.slotLength(slot)
		d.again()
	case s == symLast5:
		if d.lastLen > 0 {
			d.again()
		}
	case s == symFilter5:
		return d.readFilter()
	}
	return nil
}

// again repeats a match with the last length and distance.
func (d *Decoder5) again() {
	size := int64(len(d.win))
	// QUIRK: unrar copies from wherever the dictionary wraps to.
	_ = d.match(d.lastLen, int((d.old[0]-1)&(size-1))+1)
}

// slotLength is the length that a slot stands for.
func (d *Decoder5) slotLength(slot int) int {
	if slot < 8 {
		return slot + 2
	}
	bits := uint(slot/4 - 1)
	return (4|slot&3)<<bits + int(d.in.Take(bits)) + 2
}

// longMatch decodes a match with a length and a distance of its own.
func (d *Decoder5) longMatch(slot int) error {
	length := d.slotLength(slot)
	s, ok := d.in.Symbol(&d.dist)
	if !ok {
		return ErrCorrupt
	}
	distance := int64(s) + 1
	if s >= 4 {
		bits := uint(s/2 - 1)
		distance = int64(2|s&1)<<bits + 1
		if bits < 4 {
			distance += int64(d.in.Take(bits))
		} else {
			distance += d.wide(bits-4) << 4
			low, ok := d.in.Symbol(&d.low)
			if !ok {
				return ErrCorrupt
			}
			distance += int64(low)
		}
	}
	for _, far := range [...]int64{0x100, 0x2000, 0x40000} {
		if distance > far {
			length++
		}
	}
	copy(d.old[1:], d.old[:3])
	d.old[0], d.lastLen = distance, length
	d.again()
	return nil
}

// wide takes up to 34 bits.
func (d *Decoder5) wide(n uint) int64 {
	if n <= 24 {
		return int64(d.in.Take(n))
	}
	high := int64(d.in.Take(n - 24))
	return high<<24 | int64(d.in.Take(24))
}

// maxBlock5 is the largest block that a filter is for; unrar leaves larger ones as they
// are.
const maxBlock5 = 4 << 20

// readFilter reads a filter: where it begins from here, for how many bytes, its kind.
func (d *Decoder5) readFilter() error {
	start, length := int64(d.number()), int64(d.number())
	kind := d.in.Take(3)
	f := &d.filters
	w := waiting{start: f.at + int64(len(f.raw)) + start, length: int(min(length, maxBlock5+1))}
	switch kind {
	case 0:
		w.regs[0] = d.in.Take(5) + 1
		w.program = delta
	case 1:
		w.program = func(b, spare []byte, regs *[8]uint32) []byte { calls5(b, regs[6], 0xe8); return spare }
	case 2:
		w.program = func(b, spare []byte, regs *[8]uint32) []byte { calls5(b, regs[6], 0xe9); return spare }
	case 3:
		w.program = func(b, spare []byte, regs *[8]uint32) []byte { branches(b, regs[6]); return spare }
	default:
		f.unknown = true
	}
	if d.in.Short() || len(f.queue) >= maxWaiting {
		return ErrCorrupt
	}
	if w.length == 0 || w.length > maxBlock5 {
		return nil
	}
	// Blocks that overlap in part are of no packer, and unrar runs the first one only.
	if n := len(f.queue); n > 0 {
		if p := f.queue[n-1]; w.start < p.start+int64(p.length) && (w.start != p.start || w.length != p.length) {
			return nil
		}
	}
	f.queue = append(f.queue, w)
	return nil
}

// number reads one to four bytes, the lowest first.
func (d *Decoder5) number() (v uint32) {
	for i := range d.in.Take(2) + 1 {
		v |= d.in.Take(8) << (8 * i)
	}
	return v
}

// calls5 is calls as RAR 5 has it: offsets begin anew after 16 MiB.
func calls5(b []byte, offset uint32, second byte) {
	const size = 1 << 24
	for i := 0; i+4 < len(b); i++ {
		if b[i] != 0xe8 && b[i] != second {
			continue
		}
		at := (offset + uint32(i) + 1) % size
		v := binary.LittleEndian.Uint32(b[i+1:])
		switch {
		case int32(v) < 0:
			if int32(v+at) >= 0 {
				binary.LittleEndian.PutUint32(b[i+1:], v+size)
			}
		case v < size:
			binary.LittleEndian.PutUint32(b[i+1:], v-at)
		}
		i += 4
	}
}

// branches makes the operands of ARM's branches relative.
func branches(b []byte, offset uint32) {
	for i := 0; i+3 < len(b); i += 4 {
		if b[i+3] == 0xeb {
			v := uint32(b[i]) | uint32(b[i+1])<<8 | uint32(b[i+2])<<16
			v -= (offset + uint32(i)) / 4
			b[i], b[i+1], b[i+2] = byte(v), byte(v>>8), byte(v>>16)
		}
	}
}
