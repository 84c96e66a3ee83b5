package image

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// The compressed discs of consoles have no published specification. CISO of the PSP and
// its second version are as maxcso's README_CSO.md has them; ZISO is CISO with LZ4; that
// of the GameCube, which has the same mark, leaves out blocks that are not used. Numbers
// are little-endian.
var (
	cisoMagic = []byte("CISO")
	zisoMagic = []byte("ZISO")
)

const (
	cisoHeader = 24       // bytes, the index follows
	cubeMap    = 8        // offset of the map of the GameCube
	cubeData   = 32 << 10 // and of the first block
	cisoPlain  = 1 << 31  // bit of an entry: stored, in the second version LZ4
	maxCISO    = 1 << 20  // bytes of a block
	minCube    = 32 << 10 // of the GameCube
	maxCube    = 32 << 20
	cisoName   = "disc.iso"
)

// CISO is how a compressed disc is found and opened.
var CISO = &level.Format{Name: "ciso", Detect: detectCISO, Open: openCISO}

func detectCISO(p *level.Probe) bool {
	return isPSP(p.Head) || isCube(p.Head)
}

// isPSP asks for a version and the size of a block, for the mark is a word.
func isPSP(b []byte) bool {
	return len(b) >= cisoHeader && (bytes.HasPrefix(b, cisoMagic) || bytes.HasPrefix(b, zisoMagic)) &&
		b[20] <= 2 && powerIn(int64(device.LE32(b, 16)), 512, maxCISO)
}

// isCube asks for the size of a block and the begin of a map.
func isCube(b []byte) bool {
	return len(b) >= cisoHeader && bytes.HasPrefix(b, cisoMagic) && b[cubeMap] <= 1 && b[cubeMap+1] <= 1 &&
		powerIn(int64(device.LE32(b, 4)), minCube, maxCube)
}

// powerIn says whether a number is a power of two in a range.
func powerIn(n, from, to int64) bool { return n >= from && n <= to && n&(n-1) == 0 }

// openCISO yields the disc as one member: it may be of several formats at once.
func openCISO(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [cubeData]byte
	got := dev.Read(h[:], 0)
	if !isPSP(got) && !isCube(got) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	c := device.NewCatalog(dev, l)
	// One header can be plausible as either: readers of the first pass over the field
	// that is the block's size in the other.
	if isPSP(got) {
		disc, method := newCISO(dev, got, int64(device.LE32(got, 16)))
		addDisc(c, disc, method)
	}
	if isCube(got) {
		addDisc(c, newCube(dev, got, int64(device.LE32(got, 4))), "stored")
	}
	return c, nil
}

// addDisc adds the member; that something was broken is the error at its end.
func addDisc(c *device.Catalog, disc *blocks, method string) {
	key := device.Key{Off: int64(len(c.Files)), Size: disc.size}
	f := c.Add(key, nil, []string{cisoName}, func() io.Reader { return &discReader{disc: disc} })
	f.Member.Method = method
}

// discReader reads a disc from its start to its end.
type discReader struct {
	disc *blocks
	at   int64
}

func (r *discReader) Read(p []byte) (int, error) {
	if r.at >= r.disc.size {
		return 0, device.FirstError(r.disc.fault, io.EOF)
	}
	n, err := r.disc.ReadAt(p, r.at)
	r.at += int64(n)
	if err == io.EOF {
		err = nil // said by the next call
	}
	return n, err
}

// newCISO maps a disc by an index of places, each of which is where the one before ends.
func newCISO(dev *device.Device, h []byte, block int64) (disc *blocks, method string) {
	d := newBlocks(dev, device.OffsetOf(device.LE64(h, 8)))
	version, align := h[20], uint(h[21])
	deflate, second := unpackDeflate(), version == 2
	d.block = block
	lz4 := h[0] == 'Z'
	d.unpack = func(dst, packed []byte, most int64) ([]byte, error) {
		if lz4 {
			return unpackLZ4(dst, packed, most)
		}
		return deflate(dst, packed, most)
	}
	if method = "deflate"; lz4 {
		method = "lz4"
	}
	d.find = func(off int64) span {
		var e [8]byte
		i := off / block
		if align > 31 || !dev.Full(e[:], cisoHeader+4*i) {
			d.cut("index", off)
			return hole(off, block)
		}
		first, next := device.LE32(e[:], 0), device.LE32(e[:], 4)
		at := int64(first&^cisoPlain) << align
		n := int64(next&^cisoPlain)<<align - at
		switch {
		case n < 0:
			d.fail(fmt.Errorf("block %d ends before it begins: %w", i, level.ErrMalformed))
			return hole(off, block)
		case at >= dev.Size:
			d.cut("data", off)
			return hole(off, block)
		case second && n >= block, !second && first&cisoPlain != 0:
			return stored(at, off, block)
		}
		lz4 = h[0] == 'Z' || second && first&cisoPlain != 0
		// The file may be padded; what is packed is not longer than what is stored.
		return packed(at, min(n, 2*block), off, block, uint64(i))
	}
	return d, method
}

// newCube maps a disc of whose blocks only those are there that the map names.
func newCube(dev *device.Device, h []byte, block int64) *blocks {
	var places []int64
	at := int64(cubeData)
	end := int64(0)
	for i, used := range h[min(cubeMap, len(h)):] {
		if used == 1 {
			places = append(places, at)
			at += block
			end = int64(i+1) * block
		} else {
			places = append(places, -1)
		}
	}
	d := newBlocks(dev, end)
	d.find = func(off int64) span {
		place := places[off/block]
		if place < 0 {
			return hole(off, block)
		}
		if place >= dev.Size {
			d.cut("data", off)
		}
		return stored(place, off, block)
	}
	return d
}

// cut ends a disc that is read in order where its file does.
func (b *blocks) cut(what string, off int64) {
	b.size = min(b.size, off+b.block)
	b.fail(fmt.Errorf("%s outside of the file: %w", what, level.ErrMalformed))
}
