package inno

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// location is where a file's bytes are: an entry of the second block.
type location struct {
	first, last  uint32 // slices
	chunk        int64  // offset of the chunk's mark, from the start of the slice or of all data
	packed       int64  // bytes of the chunk
	offset, size int64  // of the file in the chunk, decoded
	sum          [sha256.Size]byte
	flags        uint16
}

// layout is how the entries are laid out from some version on.
type layout struct {
	since   version
	slice   int // bytes of a slice's number
	chunk   int // of a chunk's offset
	offset  int // of the offset in the chunk
	size    int // of both sizes
	sum     int // of the checksum
	time    int
	tail    int // of the flags and what is behind them
	calls   uint16
	crypted uint16
	packed  uint16 // 0: nothing says whether a chunk is packed
}

// Flags of an entry.
const (
	calls      = 1 << 4
	crypted    = 1 << 6
	packed     = 1 << 7
	newCalls   = 1 << 2 // from 6.4.3 on
	newCrypted = 1 << 3
	newPacked  = 1 << 4
)

// layouts are in the order of versions, the newest first.
var layouts = [...]layout{
	{60502, 4, 8, 8, 8, sha256.Size, 8, 1, newCalls, newCrypted, newPacked},
	{60403, 4, 4, 8, 8, sha256.Size, 8, 1, newCalls, newCrypted, newPacked},
	{60400, 4, 4, 8, 8, sha256.Size, 8, 3, calls, crypted, packed},
	{60300, 4, 4, 8, 8, sha1.Size, 8, 3, calls, crypted, packed},
	{50309, 4, 4, 8, 8, sha1.Size, 8, 2, calls, crypted, packed},
	{50113, 4, 4, 8, 8, md5.Size, 8, 2, calls, crypted, packed},
	{40205, 4, 4, 8, 8, md5.Size, 8, 1, calls, crypted, packed},
	{40200, 4, 4, 8, 8, md5.Size, 8, 1, calls, crypted, 0},
	{40001, 4, 4, 8, 8, crc32.Size, 8, 1, calls, 0, 0},
	{40000, 4, 4, 0, 8, adler32.Size, 8, 1, 0, 0, 0},
	{0, 4, 4, 0, 4, adler32.Size, 8, 1, 0, 0, 0},
	{0, 2, 4, 0, 4, adler32.Size, 4, 1, 0, 0, 0}, // for Windows 3.1
}

// own says whether a layout is the one of a version; none is, of one that is not known.
func (l *layout) own(v version) bool {
	newest := version(0) // that is not newer than v
	for i := range layouts {
		if s := layouts[i].since; s <= v {
			newest = max(newest, s)
		}
	}
	return v > 0 && l.since == newest
}

// bytes is the length of an entry.
func (l *layout) bytes() int {
	return 2*l.slice + l.chunk + l.offset + 2*l.size + l.sum + l.time + 8 + l.tail
}

// read reads one entry.
func (l *layout) read(b []byte) (e location, time uint64) {
	take := func(n int) (v uint64) {
		for i := n - 1; i >= 0; i-- {
			v = v<<8 | uint64(b[i])
		}
		b = b[n:]
		return v
	}
	e.first, e.last = uint32(take(l.slice)), uint32(take(l.slice))
	e.chunk = device.OffsetOf(take(l.chunk))
	e.offset, e.size, e.packed = device.OffsetOf(take(l.offset)), device.OffsetOf(take(l.size)), device.OffsetOf(take(l.size))
	copy(e.sum[:], b[:l.sum])
	b = b[l.sum:]
	time = take(l.time)
	b = b[8:] // the file's version
	e.flags = uint16(take(min(l.tail, 2)))
	return e, time
}

// hash is the checksum's function.
func (l *layout) hash() hash.Hash {
	switch {
	case l.sum == sha256.Size:
		return sha256.New()
	case l.sum == sha1.Size:
		return sha1.New()
	case l.sum == md5.Size:
		return md5.New()
	case l.offset > 0:
		return reversed{crc32.NewIEEE()}
	}
	return reversed{adler32.New()}
}

// reversed is a checksum that is stored little-endian.
type reversed struct{ hash.Hash32 }

func (r reversed) Sum(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, r.Sum32()) }

// maxLocations is how many entries are read.
const maxLocations = 100_000

// readLocations reads the entries in the layout of a version, or the one that fits best
// if they make no sense in that. led says how well offsets of chunks lead to their marks,
// from 0 to 1.
func readLocations(b []byte, v version, led func(chunks []int64) float64) (*layout, []location, error) {
	best, most := (*layout)(nil), 0.0
	for _, own := range []bool{true, false} {
		for i := range layouts {
			l := &layouts[i]
			if l.own(v) != own {
				continue
			}
			s := l.sense(b, led)
			if own && s > 0 {
				s += 0.5
			}
			if s > most {
				best, most = l, s
			}
		}
		if most > 1.4 {
			break
		}
	}
	if best == nil {
		return nil, nil, nil
	}
	var all []location
	for n := best.bytes(); len(b) >= n; b = b[n:] {
		if len(all) == maxLocations {
			return best, all, fmt.Errorf("entries of files: %w", level.ErrLimit)
		}
		e, _ := best.read(b)
		all = append(all, e)
	}
	return best, all, nil
}

// senseEntries is how many entries show whether a layout makes sense.
const senseEntries = 32

// sense says how well entries fit a layout, from 0 to 1.
func (l *layout) sense(b []byte, led func(chunks []int64) float64) float64 {
	n := l.bytes()
	whole := len(b)%n == 0
	total, sane := 0, 0
	var chunks []int64
	for ; len(b) >= n && total < senseEntries; b = b[n:] {
		e, time := l.read(b)
		total++
		year := time >> 32
		if e.first <= e.last && e.last-e.first < 1000 && e.size < 1<<42 && e.packed < 1<<42 && e.offset < 1<<42 &&
			(l.time != 8 || year == 0 || year > 0x01800000 && year < 0x02800000) {
			sane++
		}
		chunks = append(chunks, e.chunk)
	}
	if total == 0 {
		return 0
	}
	s := 0.5*float64(sane)/float64(total) + 0.5*led(chunks)
	if !whole {
		s /= 4
	}
	return s
}

// maxKept is how much of a block is kept for what it says of files, in bytes.
const maxKept = 16 << 20

// kept keeps the first bytes of what is read through it.
type kept struct{ b []byte }

func (k *kept) Write(p []byte) (int, error) {
	k.b = append(k.b, p[:min(len(p), maxKept-len(k.b))]...)
	return len(p), nil
}
