package lzms

import (
	"encoding/binary"
	"errors"
)

// ErrData says that a block is not what the format allows.
var ErrData = errors.New("lzms: invalid data")

// Kinds of items, for what the queues of distances need to know of the one before.
const (
	literal = iota
	copied
	differed
)

// recent is how many distances can be meant by their place in a queue.
const recent = 3

// Decoder decodes blocks, each of which stands for itself.
type Decoder struct {
	out  []byte
	want int
	fwd  ranges
	back bits

	main, match, copies, diffs decision
	copyAt, diffAt             [recent - 1]decision

	literals, offsets, lengths, diffOffsets, powers code

	before    int // the kind of the item before
	distances [recent + 1]uint32
	pairs     [recent + 1]pair

	targets [1 << 16]int32 // of the filter
}

// pair is how a delta match is meant: how far its two sequences lie apart, and by which
// power of two their bytes.
type pair struct {
	power uint
	raw   uint32
}

// Decode appends to out, which must be empty, what a block decodes to: want bytes. Of a
// broken one it is what comes before the damage. Of out the capacity is used.
func (d *Decoder) Decode(out []byte, want int, in []byte) ([]byte, error) {
	if len(in) < 4 || len(in)%2 != 0 {
		return out, ErrData
	}
	d.out, d.want = out, want
	d.start(in)
	var err error
	for len(d.out) < want && err == nil {
		err = d.item()
		if d.fwd.over > slack || d.back.over > slack {
			err = ErrData
		}
	}
	undoX86(d.out, &d.targets)
	out, d.out = d.out, nil
	return out, err
}

// slack is how many units of 16 bits may be read behind a block's end, where zeros
// are: decoders look ahead.
const slack = 4

func (d *Decoder) start(in []byte) {
	d.fwd.start(in)
	d.back = bits{in: in}
	for _, c := range []struct {
		d *decision
		n int
	}{{&d.main, 16}, {&d.match, 32}, {&d.copies, 64}, {&d.diffs, 64}, {&d.copyAt[0], 64}, {&d.copyAt[1], 64}, {&d.diffAt[0], 64}, {&d.diffAt[1], 64}} {
		c.d.start(c.n)
	}
	slots := 0
	if d.want > 1 {
		slots = 1
		for slots < len(offsetSlots) && int64(offsetSlots[slots].base) <= int64(d.want)-1 {
			slots++
		}
	}
	d.literals.start(256, 1024)
	d.offsets.start(slots, 1024)
	d.lengths.start(len(lengthSlots), 512)
	d.diffOffsets.start(slots, 1024)
	d.powers.start(8, 512)
	d.before = literal
	for i := range d.distances {
		d.distances[i] = uint32(i + 1)
		d.pairs[i] = pair{0, uint32(i + 1)}
	}
}

// item decodes one literal or match.
func (d *Decoder) item() error {
	switch {
	case !d.fwd.bit(&d.main):
		s, ok := d.literals.symbol(&d.back)
		if !ok {
			return ErrData
		}
		d.out = append(d.out, byte(s))
		d.before = literal
		return nil
	case !d.fwd.bit(&d.match):
		return d.copyMatch()
	}
	return d.diffMatch()
}

// place is which place in a queue is meant. A distance that was used goes to the front
// only with the item after the next.
func (d *Decoder) place(at *[recent - 1]decision, kind int) (place, skip int) {
	for place < len(at) && d.fwd.bit(&at[place]) {
		place++
	}
	if d.before == kind {
		skip = 1
	}
	return place, skip
}

// toFront takes a place of a queue to its front.
func toFront[T any](queue *[recent + 1]T, place, skip int) {
	v := queue[place+skip]
	queue[place+skip] = queue[place]
	copy(queue[1:place+1], queue[:place])
	queue[0] = v
}

// push puts a value at the front of a queue.
func push[T any](queue *[recent + 1]T, v T) {
	copy(queue[1:], queue[:recent])
	queue[0] = v
}

// copyMatch decodes a match as LZ77 has it.
func (d *Decoder) copyMatch() error {
	if d.fwd.bit(&d.copies) {
		place, skip := d.place(&d.copyAt, copied)
		toFront(&d.distances, place, skip)
	} else {
		dist, ok := d.back.slot(&d.offsets, offsetSlots)
		if !ok {
			return ErrData
		}
		push(&d.distances, dist)
	}
	d.before = copied
	n, ok := d.length()
	dist := int64(d.distances[0])
	if !ok || dist > int64(len(d.out)) {
		return ErrData
	}
	from := len(d.out) - int(dist)
	for n > 0 {
		part := d.out[from:min(len(d.out), from+n)]
		d.out = append(d.out, part...)
		n -= len(part)
	}
	return nil
}

// diffMatch decodes a match of differences: of bytes that lie a power of two apart, as
// those of numbers in a table.
func (d *Decoder) diffMatch() error {
	if d.fwd.bit(&d.diffs) {
		place, skip := d.place(&d.diffAt, differed)
		toFront(&d.pairs, place, skip)
	} else {
		power, ok := d.powers.symbol(&d.back)
		raw, found := d.back.slot(&d.diffOffsets, offsetSlots)
		if !ok || !found {
			return ErrData
		}
		push(&d.pairs, pair{uint(power), raw})
	}
	d.before = differed
	n, ok := d.length()
	p := d.pairs[0]
	span := int64(1) << p.power
	dist := int64(p.raw) << p.power
	if !ok || dist+span > int64(len(d.out)) {
		return ErrData
	}
	for range n {
		at := int64(len(d.out))
		d.out = append(d.out, d.out[at-dist]+d.out[at-span]-d.out[at-dist-span])
	}
	return nil
}

// length reads a match's length; not more than there is room for.
func (d *Decoder) length() (int, bool) {
	n, ok := d.back.slot(&d.lengths, lengthSlots)
	return int(n), ok && int64(n) <= int64(d.want-len(d.out))
}

// ranges is the range coder that goes forward, in units of 16 bits.
type ranges struct {
	in          []byte
	size, value uint32
	over        int // units behind the end
}

func (r *ranges) start(in []byte) {
	*r = ranges{in: in[4:], size: 1<<32 - 1, value: uint32(binary.LittleEndian.Uint16(in))<<16 | uint32(binary.LittleEndian.Uint16(in[2:]))}
}

func (r *ranges) bit(d *decision) bool {
	p := &d.chances[d.state]
	if r.size>>16 == 0 {
		r.size <<= 16
		r.value <<= 16
		if len(r.in) >= 2 {
			r.value |= uint32(binary.LittleEndian.Uint16(r.in))
			r.in = r.in[2:]
		} else {
			r.over++
		}
	}
	bound := r.size >> 6 * min(max(uint32(p.zeros), 1), 63)
	bit := r.value >= bound
	if bit {
		r.size -= bound
		r.value -= bound
	} else {
		r.size = bound
	}
	p.add(bit)
	d.state = d.state << 1 & d.mask
	if bit {
		d.state |= 1
	}
	return bit
}

// decision is one kind of yes or no. How likely it is depends on the last ones.
type decision struct {
	state, mask uint8
	chances     [64]chance
}

func (d *decision) start(n int) {
	d.state, d.mask = 0, uint8(n-1)
	for i := range d.chances[:n] {
		d.chances[i] = chance{0x55555555, 48}
	}
}

// chance is the last 64 bits, and how many of them are zeros.
type chance struct {
	last  uint64
	zeros uint8
}

func (c *chance) add(bit bool) {
	c.zeros += uint8(c.last >> 63)
	c.last <<= 1
	if bit {
		c.zeros--
		c.last |= 1
	}
}
