package zip

import (
	"bytes"
	"math"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// spot is a directory header under one idea of what offsets count from.
type spot struct{ at, base int64 }

// anyBase marks, in a spot, that the header was read under some base.
const anyBase = math.MinInt64

// readCentral reads the directory header at off, nil if there is none.
func (z *file) readCentral(off int64) (*account, error) {
	h, err := saferead.At(z.src, off, centralBytes, z.size, centralBytes)
	if err != nil {
		return nil, missing(err)
	}
	if !bytes.HasPrefix(h, sigCentral) {
		return nil, nil
	}
	name, extra, comment := int64(le.Uint16(h[28:])), int64(le.Uint16(h[30:])), int64(le.Uint16(h[32:]))
	if !z.afford(name + extra) {
		return nil, nil
	}
	rest, err := saferead.UpTo(z.src, off+centralBytes, name+extra, z.size, 2<<16)
	if err != nil {
		return nil, err
	}
	name = min(name, int64(len(rest)))
	a := &account{
		central: true,
		flags:   le.Uint16(h[8:]),
		method:  le.Uint16(h[10:]),
		crc:     le.Uint32(h[16:]),
		csize:   int64(le.Uint32(h[20:])),
		usize:   int64(le.Uint32(h[24:])),
		aes:     -1,
		time:    le.Uint16(h[12:]),
		raw:     rest[:name],
		rest:    rest[name:],
		disk:    uint32(le.Uint16(h[34:])),
		attrs:   le.Uint32(h[38:]),
		offset:  int64(le.Uint32(h[42:])),
		next:    off + centralBytes + int64(len(rest)) + comment,
	}
	a.extra(rest[name:])
	return a, nil
}

// readDirectory follows the headers from off as long as there are any, whatever
// count or size an end record gives: readers differ in which of them they
// believe. It returns the number of headers and where they end.
func (z *file) readDirectory(off, base int64, orphan bool) (n int, end int64, err error) {
	for {
		key := spot{off, base}
		if z.seen[key] {
			return n, off, nil
		}
		a, err := z.readCentral(off)
		if err != nil || a == nil {
			return n, off, err
		}
		if len(z.seen) >= 8*z.limits.Members+1024 {
			z.exceed("directory headers")
			return n, off, nil
		}
		z.seen[key], z.seen[spot{off, anyBase}] = true, true
		if err := z.resolve(a, base, orphan); err != nil {
			return n, off, err
		}
		n++
		off = a.next
	}
}

// resolve files a directory entry under the local headers that readers would
// take for its own: offsets count from the directory's base or from the file's
// start, and where neither hits, from the first local header.
func (z *file) resolve(a *account, base int64, orphan bool) error {
	bases := []int64{base}
	if base != 0 {
		bases = append(bases, 0)
	}
	hit := false
	for _, b := range append(bases, z.first) {
		off := b + a.offset
		if b == z.first && hit || off < 0 || off > z.size-localBytes {
			continue
		}
		sig, err := saferead.UpTo(z.src, off, 4, z.size, 4)
		if err != nil {
			return err
		}
		if bytes.Equal(sig, sigLocal) {
			mine := *a
			mine.weak = hit
			z.file(off, &mine, orphan)
			hit = true
		}
	}
	if !hit && (!orphan || a.isPlausible()) {
		z.file(max(0, base+a.offset), a, orphan)
	}
	return nil
}

// isPlausible says whether a directory header that nothing leads to, and that leads to
// no local header, is more than a constant of a program.
func (a *account) isPlausible() bool {
	return len(a.raw) > 0 && plausibleName(a.raw) && a.disk == 0 && a.flags&^flagsInUse == 0 && methods[a.method].open != nil
}

// file puts an entry into the group of the local header at off.
func (z *file) file(off int64, a *account, orphan bool) {
	g := z.group(off)
	if !g.queued {
		g.queued = true
		z.groups = append(z.groups, g)
	}
	g.orphan = g.orphan || orphan
	g.central = append(g.central, a)
}
