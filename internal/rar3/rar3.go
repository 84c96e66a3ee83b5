// Package rar3 decodes what RAR 3 and 4 pack with their unpacker version 2.9: LZ77
// with Huffman codes, or PPMd, and filters over parts of the output. Decoder5 is for RAR 5
// and 7, which have no PPMd and other blocks.
//
// What is known of the format is in unrar's and 7-Zip's sources. Filters are
// programs for a virtual machine; only the six that RAR itself writes are known
// here, as in unrar since version 5.
//
// # Limits
//
// The dictionary is given by the caller, at most 4 MiB for RAR 3. Filters may be for the
// same bytes only so often. A PPMd block declares its
// model's memory, up to 256 MiB: above the caller's bound it is ErrMemory, and
// nothing is allocated.
//
// # Security
//
// All input is hostile. What was decoded before an error is yielded, also what
// waits for a filter. A Decoder is for one goroutine.
package rar3

import (
	"bufio"
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
	"github.com/fivefifty/fivefifty/internal/ppmd"
)

// Errors of a Decoder.
var (
	ErrCorrupt = errors.New("corrupt RAR 3 stream")
	ErrMemory  = errors.New("PPMd model exceeds the bound")
	ErrFilter  = errors.New("unknown RAR 3 filter")
	ErrFilters = errors.New("too many RAR 3 filters for the same bytes")
)

// Sizes of the codes.
const (
	mainSymbols   = 299
	distSymbols   = 60
	lowSymbols    = 17
	repeatSymbols = 28
	allSymbols    = mainSymbols + distSymbols + lowSymbols + repeatSymbols
	preSymbols    = 20
)

// Symbols of the main code.
const (
	symEnd     = 256
	symFilter  = 257
	symLast    = 258 // the last match again
	symRepeat  = 259 // one of four old distances
	symShort   = 263 // two bytes at a short distance
	symLength  = 271
	lowRepeats = 15 // low bits of a distance that go on after symbol 16
)

// Decoder decodes one file after the other; what solid files go on with stays.
type Decoder struct {
	output
	most int64 // of PPMd's memory, in bytes
	in   huffman.Bits

	lengths              [allSymbols]byte
	main, dist, low, rep huffman.Decoder
	old                  [4]int
	lastLen              int
	lowDist, lowCount    int
	tables               bool // of the present block were read
	isPPM                bool
	model                *ppmd.ModelH
	order                int
	coder                ppmd.Coder
	escape               byte
}

// New returns a decoder with a dictionary of so many bytes, a power of two. most
// bounds the memory of PPMd.
func New(window int, most int64) *Decoder {
	return &Decoder{output: newOutput(window), most: most}
}

// Work is what blocks that are packed with PPMd took since it was asked last, as
// package ppmd counts.
func (d *Decoder) Work() int64 {
	if d.model == nil {
		return 0
	}
	return d.model.Work()
}

// Next begins a file. A solid one goes on with the dictionary and the codes of the
// one before.
func (d *Decoder) Next(r io.Reader, solid bool) {
	d.in.Reset(bufio.NewReaderSize(r, 4<<10))
	d.done, d.err = false, nil
	d.filters.nextFile()
	d.length = 0
	if solid {
		// A block of PPMd does not go on in the next file.
		d.tables = d.tables && !d.isPPM
		return
	}
	d.w, d.full = 0, false
	d.lengths = [allSymbols]byte{}
	d.old, d.lastLen = [4]int{}, 0
	d.lowDist, d.lowCount = 0, 0
	d.tables, d.isPPM = false, false
	d.escape = 2
	d.order = 0
	d.filters.forget()
}

func (d *Decoder) Read(p []byte) (int, error) { return d.read(p, d.run) }

// run decodes about n bytes.
func (d *Decoder) run(n int) error {
	for n > 0 && !d.done {
		if d.length > 0 {
			n -= d.copyMatch(n)
			continue
		}
		if !d.tables {
			if err := d.readTables(); err != nil {
				return err
			}
			continue
		}
		step := d.stepLZ
		if d.isPPM {
			step = d.stepPPM
		}
		if err := step(); err != nil {
			return d.in.Fault(err)
		}
		n--
	}
	return nil
}

// readTables reads a block's header.
func (d *Decoder) readTables() error {
	d.in.Align()
	if d.in.Peek(1) == 1 {
		d.tables, d.isPPM = true, true
		return d.startPPM()
	}
	d.isPPM = false
	d.lowDist, d.lowCount = 0, 0
	d.in.Take(1)
	if d.in.Take(1) == 0 {
		d.lengths = [allSymbols]byte{}
	}
	var pre huffman.Decoder
	if err := readPre(&d.in, &pre); err != nil {
		return err
	}
	if err := readLengths(&d.in, &pre, d.lengths[:]); err != nil {
		return err
	}
	l := d.lengths[:]
	for _, c := range []struct {
		d *huffman.Decoder
		n int
	}{{&d.main, mainSymbols}, {&d.dist, distSymbols}, {&d.low, lowSymbols}, {&d.rep, repeatSymbols}} {
		if c.d.Init(l[:c.n]) != nil {
			return ErrCorrupt
		}
		l = l[c.n:]
	}
	d.tables = true
	return nil
}

// readPre reads the code that the lengths are packed with.
func readPre(in *huffman.Bits, pre *huffman.Decoder) error {
	var lengths [preSymbols]byte
	for i := 0; i < preSymbols; i++ {
		n := byte(in.Take(4))
		if n == 15 {
			if zeros := int(in.Take(4)); zeros > 0 {
				i += zeros + 1
				continue
			}
		}
		lengths[i] = n
	}
	if in.Short() || pre.Init(lengths[:]) != nil {
		return in.Fault(ErrCorrupt)
	}
	return nil
}

// readLengths reads the lengths of codes, as differences from those that were there
// before.
func readLengths(in *huffman.Bits, pre *huffman.Decoder, lengths []byte) error {
	for i := 0; i < len(lengths); {
		s, ok := in.Symbol(pre)
		if !ok || in.Short() {
			return in.Fault(ErrCorrupt)
		}
		if s < 16 {
			lengths[i] = (lengths[i] + byte(s)) & 15
			i++
			continue
		}
		n := 0
		if s&1 == 0 {
			n = 3 + int(in.Take(3))
		} else {
			n = 11 + int(in.Take(7))
		}
		v := byte(0)
		if s < 18 {
			if i == 0 {
				return ErrCorrupt
			}
			v = lengths[i-1]
		}
		for ; n > 0 && i < len(lengths); n-- {
			lengths[i] = v
			i++
		}
	}
	return nil
}

// Lengths and distances: base values and how many bits follow.
var (
	lengthBase = [repeatSymbols]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224}
	lengthBits = [repeatSymbols]uint{8: 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5}
	shortBase  = [8]int{0, 4, 8, 16, 32, 64, 128, 192}
	shortBits  = [8]uint{2, 2, 3, 4, 5, 6, 6, 6}
	distBase   [distSymbols]int
	distBits   [distSymbols]uint
	_          = fillDistances()
)

func fillDistances() bool {
	slot, base := 0, 0
	for bits, n := range [...]int{4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 14, 0, 12} {
		for range n {
			distBase[slot], distBits[slot] = base, uint(bits)
			slot++
			base += 1 << bits
		}
	}
	return true
}

// stepLZ decodes one symbol of a block with Huffman codes.
func (d *Decoder) stepLZ() error {
	s, ok := d.in.Symbol(&d.main)
	if !ok || d.in.Short() {
		return ErrCorrupt
	}
	switch {
	case s < 256:
		d.put(byte(s))
		return nil
	case s >= symLength:
		return d.longMatch(s - symLength)
	case s == symEnd:
		return d.endBlock()
	case s == symFilter:
		return d.readFilter(d.in.ReadByte)
	case s == symLast:
		if d.lastLen > 0 {
			return d.match(d.lastLen, d.old[0])
		}
		return nil
	case s < symShort:
		i := s - symRepeat
		distance := d.old[i]
		copy(d.old[1:i+1], d.old[:i])
		d.old[0] = distance
		n, ok := d.in.Symbol(&d.rep)
		if !ok {
			return ErrCorrupt
		}
		d.lastLen = lengthBase[n] + 2 + int(d.in.Take(lengthBits[n]))
		return d.match(d.lastLen, distance)
	}
	i := s - symShort
	return d.newMatch(2, shortBase[i]+1+int(d.in.Take(shortBits[i])))
}

func (d *Decoder) newMatch(length, distance int) error {
	copy(d.old[1:], d.old[:3])
	d.old[0], d.lastLen = distance, length
	return d.match(length, distance)
}

// longMatch decodes a match with a length symbol and a distance of its own.
func (d *Decoder) longMatch(n int) error {
	length := lengthBase[n] + 3 + int(d.in.Take(lengthBits[n]))
	s, ok := d.in.Symbol(&d.dist)
	if !ok {
		return ErrCorrupt
	}
	distance := distBase[s] + 1
	switch bits := distBits[s]; {
	case s <= 9:
		distance += int(d.in.Take(bits))
	default:
		distance += int(d.in.Take(bits-4)) << 4
		if d.lowCount > 0 {
			d.lowCount--
			distance += d.lowDist
			break
		}
		low, ok := d.in.Symbol(&d.low)
		if !ok {
			return ErrCorrupt
		}
		if low == 16 {
			d.lowCount = lowRepeats
			low = d.lowDist
		}
		d.lowDist = low
		distance += low
	}
	if distance >= 0x2000 {
		length++
	}
	if distance >= 0x40000 {
		length++
	}
	return d.newMatch(length, distance)
}

// endBlock ends a block: one bit says whether the file goes on with new tables,
// else a second one whether the next file has new ones.
func (d *Decoder) endBlock() error {
	if d.in.Take(1) == 1 {
		d.tables = false
	} else {
		d.tables = d.in.Take(1) == 0
		d.done = true
	}
	if d.in.Short() && !d.done {
		return ErrCorrupt
	}
	return nil
}

// startPPM reads the header of a block with PPMd.
func (d *Decoder) startPPM() error {
	flags := d.in.Take(8)
	mem := uint32(0)
	if flags&0x20 != 0 {
		mem = (d.in.Take(8) + 1) << 20
	}
	if flags&0x40 != 0 {
		d.escape = byte(d.in.Take(8))
	}
	if d.in.Short() {
		return d.in.Fault(ErrCorrupt)
	}
	if int64(mem) > d.most {
		return ErrMemory
	}
	if err := d.coder.StartRAR(&d.in); err != nil {
		return err
	}
	if mem == 0 {
		if d.model == nil || d.order == 0 {
			return ErrCorrupt
		}
		return nil
	}
	d.order = int(flags&0x1f) + 1
	if d.order > 16 {
		d.order = 16 + (d.order-16)*3
	}
	if d.order < ppmd.MinOrder {
		d.order = 0
		return ErrCorrupt
	}
	if d.model == nil {
		d.model = ppmd.NewH(mem)
	}
	d.model.Resize(mem)
	d.model.Reset(d.order)
	return nil
}

// Codes behind the escape character of PPMd.
const (
	ppmNewTables = 0
	ppmEnd       = 2
	ppmFilter    = 3
	ppmMatch     = 4
	ppmRun       = 5
)

func (d *Decoder) ppmByte() (byte, error) {
	b, err := d.model.Decode(&d.coder)
	if err != nil {
		d.order = 0 // the model is between two symbols: only a new one can go on
	}
	if err == ppmd.ErrEnd || err == ppmd.ErrCorrupt {
		err = ErrCorrupt
	}
	return b, err
}

// stepPPM decodes one symbol of a block with PPMd.
func (d *Decoder) stepPPM() error {
	b, err := d.ppmByte()
	if err != nil {
		return err
	}
	if b != d.escape {
		d.put(b)
		return nil
	}
	code, err := d.ppmByte()
	if err != nil {
		return err
	}
	switch code {
	case ppmNewTables:
		d.tables = false
	case ppmEnd:
		d.done = true
	case ppmFilter:
		return d.readFilter(d.ppmByte)
	case ppmMatch, ppmRun:
		var v [4]int
		from := 0
		if code == ppmRun {
			from = 3
		}
		for i := from; i < 4; i++ {
			b, err := d.ppmByte()
			if err != nil {
				return err
			}
			v[i] = int(b)
		}
		if code == ppmRun {
			return d.match(v[3]+4, 1)
		}
		return d.match(v[3]+32, v[0]<<16|v[1]<<8|v[2]+2)
	default:
		d.put(b)
	}
	return nil
}
