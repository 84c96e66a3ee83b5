package ppmd

import "encoding/binary"

const (
	unit    = 12         // bytes of a context, and of two states
	indexes = 38         // sizes of blocks
	stamp   = 0xffffffff // of a free block; nothing in use begins with it
)

// ref is an offset in the arena; 0 is none.
type ref = uint32

// arena is the memory that a model lives in. What is forgotten when it is exhausted
// depends on where every block lies, so the allocator is part of the format.
type arena struct {
	mem  []byte
	size uint32

	text, unitsStart, lo, hi ref // text grows up from the start, contexts down from hi, states up from lo
	free                     [indexes]ref
	count                    [indexes]uint32 // of free blocks
	glue                     uint32          // allocations until free neighbours are joined
	join                     func()          // joins them, as the variant does

	work int64 // see Work
}

// Blocks have 1 to 4 units in steps of one, then up to 12, 24 and 128 in steps
// of two, three and four.
var (
	unitsOf [indexes]uint32 // by index
	indexOf [128]uint8      // by units less one
	_       = fillUnits()
)

func fillUnits() bool {
	k := 0
	for i := range indexes {
		step := i>>2 + 1
		if i >= 12 {
			step = 4
		}
		for range step {
			indexOf[k] = uint8(i)
			k++
		}
		unitsOf[i] = uint32(k)
	}
	return true
}

// Resize changes the size of the arena, at first from none; what a larger one had is
// used again. Reset must follow.
func (a *arena) Resize(mem uint32) {
	n := unit + uint64(mem) + unit
	if n > uint64(cap(a.mem)) {
		a.mem = make([]byte, n)
	}
	a.mem, a.size = a.mem[:n], mem
}

// Mem is the size of the arena in bytes.
func (a *arena) Mem() uint32 { return a.size }

// Work is what decoding has taken since it was asked last, in units of about 10 ns.
func (a *arena) Work() int64 {
	n := a.work
	a.work = 0
	return n
}

func (a *arena) clear() {
	a.free, a.count = [indexes]ref{}, [indexes]uint32{}
	a.text = unit
	a.hi = a.text + a.size
	a.unitsStart = a.hi - a.size/8/unit*7*unit
	a.lo = a.unitsStart
	a.glue = 0
	a.put32(a.text+a.size, 0) // no free block begins behind the last
	a.work += workRestart
}

func (a *arena) u16(r ref) uint32      { return uint32(binary.LittleEndian.Uint16(a.mem[r:])) }
func (a *arena) u32(r ref) uint32      { return binary.LittleEndian.Uint32(a.mem[r:]) }
func (a *arena) put16(r ref, v uint32) { binary.LittleEndian.PutUint16(a.mem[r:], uint16(v)) }
func (a *arena) put32(r ref, v uint32) { binary.LittleEndian.PutUint32(a.mem[r:], v) }

// A free block: its stamp, the next of its list, its units.
func (a *arena) next(r ref) ref      { return a.u32(r + 4) }
func (a *arena) units(r ref) uint32  { return a.u32(r + 8) }
func (a *arena) setNext(r, next ref) { a.put32(r+4, next) }

// index is that of the smallest size with so many units.
func index(units uint32) int { return int(indexOf[units-1]) }

// insert puts a block into the list of its size.
func (a *arena) insert(r ref, i int) {
	b := a.mem[r : r+unit]
	binary.LittleEndian.PutUint32(b, stamp)
	binary.LittleEndian.PutUint32(b[4:], a.free[i])
	binary.LittleEndian.PutUint32(b[8:], unitsOf[i])
	a.free[i] = r
	a.count[i]++
}

// remove takes a block from a list that has one.
func (a *arena) remove(i int) ref {
	r := a.free[i]
	a.free[i] = a.next(r)
	a.count[i]--
	return r
}

// insertUnits puts so many units, at most 128, into the lists: as one block if
// there is that size, else as two.
func (a *arena) insertUnits(r ref, units uint32) {
	i := index(units)
	if unitsOf[i] != units {
		i--
		k := unitsOf[i]
		a.insert(r+k*unit, int(units-k-1))
	}
	a.insert(r, i)
}

// insertRun puts any number of units into the lists.
func (a *arena) insertRun(r ref, units uint32) {
	for ; units > 128; units -= 128 {
		a.insert(r, indexes-1)
		r += 128 * unit
	}
	a.insertUnits(r, units)
}

// split frees what a block has behind the size that is needed.
func (a *arena) split(r ref, old, i int) {
	a.insertUnits(r+unitsOf[i]*unit, unitsOf[old]-unitsOf[i])
}

// alloc returns a block of a size, 0 if the arena is full.
func (a *arena) alloc(i int) ref {
	if a.free[i] != 0 {
		return a.remove(i)
	}
	n := unitsOf[i] * unit
	if n <= a.hi-a.lo {
		r := a.lo
		a.lo += n
		return r
	}
	return a.allocRare(i)
}

// allocContext returns a unit for a context, 0 if the arena is full.
func (a *arena) allocContext() ref {
	if a.hi != a.lo {
		a.hi -= unit
		return a.hi
	}
	if a.free[0] != 0 {
		return a.remove(0)
	}
	return a.allocRare(0)
}

// allocRare joins free blocks from time to time, splits a larger one, or takes
// room from the text.
func (a *arena) allocRare(i int) ref {
	if a.glue == 0 {
		a.join()
		if a.free[i] != 0 {
			return a.remove(i)
		}
	}
	for k := i + 1; k < indexes; k++ {
		if a.free[k] != 0 {
			r := a.remove(k)
			a.split(r, k, i)
			return r
		}
	}
	a.glue--
	n := unitsOf[i] * unit
	if a.unitsStart-a.text > n {
		a.unitsStart -= n
		return a.unitsStart
	}
	return 0
}

func (a *arena) move(to, from ref, units uint32) {
	copy(a.mem[to:to+units*unit], a.mem[from:from+units*unit])
}

// grow returns a block with room for one unit more than states have, 0 if the arena
// is full.
func (a *arena) grow(old ref, units uint32) ref {
	i := index(units)
	if i == index(units+1) {
		return old
	}
	r := a.alloc(i + 1)
	if r != 0 {
		a.move(r, old, units)
		a.insert(old, i)
	}
	return r
}

// shrink gives back what states do not need any more.
func (a *arena) shrink(old ref, before, after uint32) ref {
	i, k := index(before), index(after)
	if i == k {
		return old
	}
	if a.free[k] != 0 {
		r := a.remove(k)
		a.move(r, old, after)
		a.insert(old, i)
		return r
	}
	a.split(old, i, k)
	return old
}
