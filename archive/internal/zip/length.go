package zip

import (
	"slices"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// storedLengths returns the lengths that readers may take for a stored body,
// the longest first.
func (z *file) storedLengths(g *group, accounts []*account) ([]int64, error) {
	data := g.local.data
	room := z.size - data
	var all []int64
	add := func(a *account) {
		sizes := append([]int64{a.csize}, a.other...)
		if !a.encrypted() {
			sizes = append(sizes, a.usize)
		}
		for _, n := range sizes {
			if n >= 0 {
				all = addNumber(all, min(n, room))
			}
		}
	}
	add(accounts[len(accounts)-1])
	for _, a := range accounts {
		add(a)
	}
	if g.local.csize < 0 || g.local.flags&flagDescriptor != 0 {
		// QUIRK: where no directory is, 7-Zip seeks the descriptor that the flag
		// promises, whatever sizes the header has.
		n, err := z.searchStoredEnd(data, z.confirmed(data, all))
		if err != nil {
			return nil, err
		}
		if n >= 0 {
			all = addNumber(all, n)
		}
	}
	return z.descending(all), nil
}

// descending sorts lengths, the longest first. An empty one beside others
// hides nothing.
func (z *file) descending(all []int64) []int64 {
	slices.Sort(all)
	slices.Reverse(all)
	if len(all) > 1 && all[len(all)-1] == 0 {
		all = all[:len(all)-1]
	}
	if len(all) > maxReadings {
		z.exceed("lengths of one member")
		all = all[:maxReadings]
	}
	return all
}

// sizedLimits returns the sizes at which readers may stop decoding a body whose
// method has no end mark. If none is declared, a data descriptor is searched for.
func (z *file) sizedLimits(g *group, accounts []*account, k *bodyKey) ([]int64, error) {
	var all []int64
	for _, a := range append([]*account{accounts[len(accounts)-1]}, accounts...) {
		if a.usize >= 0 {
			all = addNumber(all, a.usize)
		}
	}
	if len(all) > 0 {
		return z.descending(all), nil
	}
	n, err := z.searchStoredEnd(k.data, -1)
	if err != nil {
		return nil, err
	}
	k.length = n
	if d := z.descriptor(k.data+n, n); d.length > 0 {
		return []int64{d.usize}, nil
	}
	return []int64{-1}, nil
}

// confirmed returns the length that a data descriptor confirms, -1 if there is
// none.
func (z *file) confirmed(data int64, lengths []int64) int64 {
	best := int64(-1)
	for _, n := range lengths {
		if n > best && z.descriptor(data+n, n).length > 0 {
			best = n
		}
	}
	return best
}

// searchStoredEnd returns the length of a body at data whose size no header
// gives: up to a data descriptor that fits, or to the next header. If a length is
// confirmed already, only a descriptor before it counts, which a reader that
// streams would take; -1 if there is none.
func (z *file) searchStoredEnd(data, confirmed int64) (int64, error) {
	to, length := z.size, z.size-data
	if confirmed >= 0 {
		to, length = data+confirmed, -1
	}
	var failed error
	stop := to
	err := z.scan(data, to, func(at int64, kind byte) bool {
		n := at - data
		switch {
		case kind == 7:
			var d []byte
			d, failed = saferead.UpTo(z.src, at, 16, z.size, 16)
			if failed == nil && (len(d) < 16 || int64(le.Uint32(d[8:])) != n&0xffffffff) {
				return true
			}
		case confirmed >= 0:
			return kind != 1
		case kind == 3:
			var good bool
			if good, failed = z.isPlausible(at); failed == nil && !good {
				return true
			}
			fallthrough
		default:
			if n >= 12 { // a descriptor without a signature
				var d []byte
				d, failed = saferead.UpTo(z.src, at-12, 12, z.size, 12)
				if len(d) == 12 && int64(le.Uint32(d[4:])) == n-12 {
					n -= 12
				}
			}
		}
		stop, length = at, n
		return false
	})
	z.try(stop - data)
	if err == nil {
		err = failed
	}
	return length, err
}

// descriptor is a data descriptor, APPNOTE.TXT section 4.3.9.
type descriptor struct {
	length int64 // of the record itself; 0 if there is none that fits
	crc    uint32
	usize  int64
}

// descriptor reads the record at off, behind a body of csize compressed bytes.
// Its signature is optional, and its sizes have 4 or 8 bytes.
func (z *file) descriptor(off, csize int64) descriptor {
	b, err := saferead.UpTo(z.src, off, 24, z.size, 24)
	if err != nil || len(b) < 12 {
		return descriptor{}
	}
	b = append(b, make([]byte, 24)...) // so that no field is out of range
	sig := int64(0)
	if string(b[:4]) == string(sigDescriptor) {
		sig = 4
		b = b[4:]
	}
	wide := int64(le.Uint64(b[4:])) == csize
	narrow := int64(le.Uint32(b[4:])) == csize&0xffffffff
	if wide && narrow { // an empty body: what follows decides
		wide = string(b[12:14]) != "PK" && le.Uint64(b[12:]) == 0
	}
	switch {
	case wide:
		return descriptor{sig + 20, le.Uint32(b), int64(le.Uint64(b[12:]))}
	case narrow:
		return descriptor{sig + 12, le.Uint32(b), int64(le.Uint32(b[8:]))}
	}
	return descriptor{}
}
