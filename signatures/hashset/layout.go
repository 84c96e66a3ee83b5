package hashset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// The file, all numbers little-endian:
//
//	header   headerSize bytes: layout, zeros, SHA-256 of what stands before it
//	tables   for each kind that has rows: blocks, sizes, rows
//	labels   offset of each label in the texts, and the end of the last: uint32
//	texts    labels one behind the other: class, number of the label that is its
//	         source (uint32), name
//
// A row is a digest less the bytes that its place gives, and a value: size in
// the upper bits, label in the lower. Rows are sorted and cut into as many
// buckets as there are blocks: bucket q has the digests whose first 64 bits, as a
// fraction of 1, lie in [q/blocks, (q+1)/blocks). So a bucket's number is a
// product, and what is left of the 64 bits has about log2(blocks) bits less; of
// those only whole bytes are saved.
//
// Block q is one line of the cache: the number of the bucket's first row
// (uint32), and a Bloom filter over its digests. A miss ends there, but for one
// in fifty.
const (
	magic         = "\x8bFFHASH\n"
	formatVersion = 1
	headerSize    = 1024
	align         = 64

	blockSize  = 64
	filterBits = (blockSize - 4) * 8
	perBlock   = 56 // digests in the mean: 8.6 bits of the filter for each
	probes     = 5
)

// layout is the header without its digest.
type layout struct {
	Magic     [8]byte
	Version   uint32
	Labels    uint32 // how many
	LabelsAt  uint64 // bytes from the start of the file, as all that end in At
	TextsAt   uint64
	TextBytes uint64
	Size      uint64   // of the whole file
	Body      [32]byte // SHA-256 of what follows the header
	Tables    [kinds]tableLayout
}

type tableLayout struct {
	BlocksAt, SizesAt, RowsAt uint64
	Blocks, Rows              uint32
	Value                     uint8 // bytes of a row that are its value
	LabelBits                 uint8 // bits of it that are the label
	SizesLog                  uint8 // log2 of the bits of the sizes' bitmap; 0 if an entry gives no size
	_                         [5]byte
}

var (
	// ErrForeign is wrapped by Open's error for a file that is not of this package.
	ErrForeign = errors.New("not a file of hashes that this program built")

	// ErrDamaged is wrapped by the error of Open, Verify and Inspect for a file
	// that is cut off, changed, or of another version.
	ErrDamaged = errors.New("file of hashes is damaged")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// encode returns the header.
func (l *layout) encode() ([]byte, error) {
	b, err := binary.Append(make([]byte, 0, headerSize), binary.LittleEndian, l)
	if err != nil || len(b) > headerSize-sha256.Size {
		return nil, fmt.Errorf("header of %d bytes: %v", len(b), err)
	}
	b = b[:headerSize-sha256.Size]
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// decode reads the header of a file of size bytes and checks that all that it
// tells of lies within them.
func decode(header []byte, size int64) (*layout, error) {
	if !bytes.HasPrefix(header, []byte(magic)) {
		return nil, ErrForeign
	}
	if len(header) < headerSize {
		return nil, damaged("it ends in its header")
	}
	l := new(layout)
	if _, err := binary.Decode(header, binary.LittleEndian, l); err != nil {
		return nil, damaged("%v", err)
	}
	if l.Version != formatVersion {
		return nil, damaged("it has version %d, this program reads %d: build it anew", l.Version, formatVersion)
	}
	if sum := sha256.Sum256(header[:headerSize-sha256.Size]); !bytes.Equal(sum[:], header[headerSize-sha256.Size:headerSize]) {
		return nil, damaged("the header's digest differs")
	}
	if uint64(size) != l.Size {
		return nil, damaged("it has %d bytes of %d", size, l.Size)
	}
	return l, l.check()
}

// check checks that the parts lie within the file.
func (l *layout) check() error {
	if !l.within(l.LabelsAt, uint64(l.Labels)+1, 4) || !l.within(l.TextsAt, l.TextBytes, 1) {
		return damaged("the labels lie outside of it")
	}
	for k := range kinds {
		t := &l.Tables[k]
		if t.Rows == 0 {
			continue
		}
		switch {
		case t.Blocks == 0 || t.Value > 8 || t.LabelBits > 32 || t.SizesLog > sizesLog || t.SizesLog != 0 && t.SizesLog < minSizesLog:
			return damaged("table %d makes no sense", k)
		case !l.within(t.BlocksAt, uint64(t.Blocks), blockSize),
			!l.within(t.SizesAt, t.sizesBytes(), 1),
			!l.within(t.RowsAt, uint64(t.Rows), uint64(t.rowBytes(k))):
			return damaged("table %d lies outside of it", k)
		}
	}
	return nil
}

// within says whether n things of width bytes fit into the file behind at.
func (l *layout) within(at, n, width uint64) bool {
	hi, length := bits.Mul64(n, width)
	return hi == 0 && at >= headerSize && at <= l.Size && length <= l.Size-at
}

// rowBytes returns the bytes of a row.
func (t *tableLayout) rowBytes(k kind) int { return widths[k] - saved(t.Blocks) + int(t.Value) }

func (t *tableLayout) sizesBytes() uint64 {
	if t.SizesLog == 0 {
		return 0
	}
	return 1 << (t.SizesLog - 3)
}

// saved returns how many of a digest's first bytes are not stored.
func saved(blocks uint32) int { return (bits.Len32(blocks) - 1) / 8 }

// bucketOf returns the bucket of a digest that begins with x, and how far into the
// bucket it lies, as a fraction of 1<<64.
func bucketOf(x uint64, blocks uint32) (q uint32, fraction uint64) {
	hi, lo := bits.Mul64(x, uint64(blocks))
	return uint32(hi), lo
}

// bucketStart returns the lowest beginning of a digest in bucket q.
func bucketStart(q, blocks uint32) uint64 {
	start, rem := bits.Div64(uint64(q), 0, uint64(blocks))
	if rem > 0 {
		start++
	}
	return start
}

// shorten writes the digest as it stands in a row of its bucket and returns it.
func shorten(dst, digest []byte, q, blocks uint32) []byte {
	dst = append(dst[:0], digest...)
	binary.BigEndian.PutUint64(dst, binary.BigEndian.Uint64(digest)-bucketStart(q, blocks))
	return dst[saved(blocks):]
}

// The bitmap of sizes has a bit for the sizes that share the lower bits of a product.
const (
	sizesLog    = 20 // most
	minSizesLog = 10
)

func sizeBit(size int64, log uint8) uint32 {
	return uint32(uint64(size)*0x9e3779b97f4a7c15>>32) & (1<<log - 1)
}
