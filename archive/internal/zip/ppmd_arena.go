package zip

import "encoding/binary"

// The memory of PPMd variant I, revision 1 (D. Shkarin, public domain). What is
// forgotten when memory runs out depends on where every block lies, so the
// allocator is part of the format.
const (
	ppmdUnit    = 12         // bytes of an allocation unit, and of a context
	ppmdClasses = 38         // sizes of blocks
	ppmdBase    = 4          // offset of the first byte in use: 0 stands for nothing
	ppmdFree    = 0xffffffff // the stamp of a free block
)

// ppmdArena is the memory. From below it fills with the text, from the middle up
// and from the top down with units.
type ppmdArena struct {
	mem        []byte
	size       uint32
	text       uint32 // end of the text
	unitsStart uint32
	lo, hi     uint32 // between them no unit was used yet
	free       [ppmdClasses]uint32
	count      [ppmdClasses]uint32 // of free blocks
	glue       uint32              // allocations until free neighbours are joined

	unitsOf [ppmdClasses]uint32 // class -> units
	classOf [128]uint8          // units-1 -> class
}

// Blocks have 1 to 4 units in steps of one, then up to 12, 24 and 128 in steps
// of two, three and four.
func (a *ppmdArena) construct() {
	k := uint32(0)
	for i := range uint32(ppmdClasses) {
		step := uint32(4)
		if i < 12 {
			step = i/4 + 1
		}
		for range step {
			a.classOf[k] = uint8(i)
			k++
		}
		a.unitsOf[i] = k
	}
}

func (a *ppmdArena) reset() {
	a.free, a.count = [ppmdClasses]uint32{}, [ppmdClasses]uint32{}
	a.text = ppmdBase
	a.hi = a.text + a.size
	a.unitsStart = a.hi - a.size/8/ppmdUnit*7*ppmdUnit
	a.lo = a.unitsStart
	a.glue = 0
}

func (a *ppmdArena) u16(at uint32) uint32 { return uint32(binary.LittleEndian.Uint16(a.mem[at:])) }
func (a *ppmdArena) u32(at uint32) uint32 { return binary.LittleEndian.Uint32(a.mem[at:]) }
func (a *ppmdArena) set16(at, v uint32)   { binary.LittleEndian.PutUint16(a.mem[at:], uint16(v)) }
func (a *ppmdArena) set32(at, v uint32)   { binary.LittleEndian.PutUint32(a.mem[at:], v) }

// A free block: its stamp, the next of its list, its units.
func (a *ppmdArena) stamp(n uint32) uint32 { return a.u32(n) }
func (a *ppmdArena) next(n uint32) uint32  { return a.u32(n + 4) }
func (a *ppmdArena) units(n uint32) uint32 { return a.u32(n + 8) }

func (a *ppmdArena) class(units uint32) uint32 { return uint32(a.classOf[units-1]) }

func (a *ppmdArena) insert(n, class uint32) {
	a.set32(n, ppmdFree)
	a.set32(n+4, a.free[class])
	a.set32(n+8, a.unitsOf[class])
	a.free[class] = n
	a.count[class]++
}

func (a *ppmdArena) remove(class uint32) uint32 {
	n := a.free[class]
	a.free[class] = a.next(n)
	a.count[class]--
	return n
}

// insertUnits files a block of up to 128 units, in two if there is no such class.
func (a *ppmdArena) insertUnits(n, units uint32) {
	i := a.class(units)
	if a.unitsOf[i] != units {
		i--
		k := a.unitsOf[i]
		a.insert(n+k*ppmdUnit, units-k-1)
	}
	a.insert(n, i)
}

// split frees the end of a block.
func (a *ppmdArena) split(n, from, to uint32) {
	a.insertUnits(n+a.unitsOf[to]*ppmdUnit, a.unitsOf[from]-a.unitsOf[to])
}

// join joins free neighbours.
func (a *ppmdArena) join() {
	a.glue = 1 << 13
	a.count = [ppmdClasses]uint32{}
	if a.lo != a.hi {
		a.set32(a.lo, 0) // a guard behind the last unit
	}
	var head, last uint32
	for i := range a.free {
		n := a.free[i]
		a.free[i] = 0
		for n != 0 {
			next := a.next(n)
			if a.units(n) != 0 {
				if last == 0 {
					head = n
				} else {
					a.set32(last+4, n)
				}
				last = n
				for {
					n2 := n + a.units(n)*ppmdUnit
					if a.stamp(n2) != ppmdFree {
						break
					}
					a.set32(n+8, a.units(n)+a.units(n2))
					a.set32(n2+8, 0)
				}
			}
			n = next
		}
	}
	if last != 0 {
		a.set32(last+4, 0)
	}
	for head != 0 {
		n, units := head, a.units(head)
		head = a.next(head)
		if units == 0 {
			continue
		}
		for ; units > 128; units -= 128 {
			a.insert(n, ppmdClasses-1)
			n += 128 * ppmdUnit
		}
		a.insertUnits(n, units)
	}
}

// allocRare allocates a block of a class of which none is free; 0 if memory is
// exhausted.
func (a *ppmdArena) allocRare(class uint32) uint32 {
	if a.glue == 0 {
		a.join()
		if a.free[class] != 0 {
			return a.remove(class)
		}
	}
	for i := class + 1; i < ppmdClasses; i++ {
		if a.free[i] != 0 {
			n := a.remove(i)
			a.split(n, i, class)
			return n
		}
	}
	n := a.unitsOf[class] * ppmdUnit
	a.glue--
	if a.unitsStart-a.text <= n {
		return 0
	}
	a.unitsStart -= n
	return a.unitsStart
}

func (a *ppmdArena) alloc(class uint32) uint32 {
	if a.free[class] != 0 {
		return a.remove(class)
	}
	if n := a.unitsOf[class] * ppmdUnit; n <= a.hi-a.lo {
		at := a.lo
		a.lo += n
		return at
	}
	return a.allocRare(class)
}

// allocContext allocates one unit, from the top; 0 if memory is exhausted.
func (a *ppmdArena) allocContext() uint32 {
	switch {
	case a.hi != a.lo:
		a.hi -= ppmdUnit
		return a.hi
	case a.free[0] != 0:
		return a.remove(0)
	}
	return a.allocRare(0)
}

func (a *ppmdArena) move(to, from, units uint32) {
	copy(a.mem[to:to+units*ppmdUnit], a.mem[from:from+units*ppmdUnit])
}

func (a *ppmdArena) shrink(n, from, to uint32) uint32 {
	i, j := a.class(from), a.class(to)
	if i == j {
		return n
	}
	if a.free[j] != 0 {
		at := a.remove(j)
		a.move(at, n, to)
		a.insert(n, i)
		return at
	}
	a.split(n, i, j)
	return n
}

// freeUnit frees one unit, which may lie just above the text.
func (a *ppmdArena) freeUnit(n uint32) {
	if n != a.unitsStart {
		a.insert(n, 0)
	} else {
		a.unitsStart += ppmdUnit
	}
}

// moveUp moves a block away from the text, if that is worth it.
func (a *ppmdArena) moveUp(n, units uint32) uint32 {
	class := a.class(units)
	if n > a.unitsStart+16<<10 || n > a.free[class] {
		return n
	}
	at := a.remove(class)
	a.move(at, n, units)
	if n != a.unitsStart {
		a.insert(n, class)
	} else {
		a.unitsStart += a.unitsOf[class] * ppmdUnit
	}
	return at
}

// expandText gives the free blocks just above the text to it.
func (a *ppmdArena) expandText() {
	var count [ppmdClasses]uint32
	if a.lo != a.hi {
		a.set32(a.lo, 0)
	}
	n := a.unitsStart
	for a.stamp(n) == ppmdFree {
		a.set32(n, 0)
		count[a.class(a.units(n))]++
		n += a.units(n) * ppmdUnit
	}
	a.unitsStart = n
	for i := range count {
		last := uint32(0)
		for n := a.free[i]; n != 0 && count[i] > 0; n = a.next(n) {
			if a.stamp(n) != 0 {
				last = n
				continue
			}
			if last == 0 {
				a.free[i] = a.next(n)
			} else {
				a.set32(last+4, a.next(n))
			}
			a.count[i]--
			count[i]--
		}
	}
}

// used is how much of the memory is in use.
func (a *ppmdArena) used() uint32 {
	units := uint32(0)
	for i, n := range a.count {
		units += n * a.unitsOf[i]
	}
	return a.size - (a.hi - a.lo) - (a.unitsStart - a.text) - units*ppmdUnit
}
