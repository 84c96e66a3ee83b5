package image

import (
	"bytes"
	"fmt"
	"io"
	"sort"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Android Open Source Project, libsparse/sparse_format.h: the image of a partition as it
// is sent to a telephone, a list of chunks in the order of the disk. Numbers are
// little-endian.
var sparseMagic = []byte("\x3a\xff\x26\xed\x01\x00")

// Kinds of chunks. One more holds a checksum, and no block of the disk.
const (
	sparseRaw  = 0xcac1 // the blocks themselves
	sparseFill = 0xcac2 // four bytes that fill all blocks
	sparseSkip = 0xcac3 // blocks that do not matter
)

const (
	sparseHeader      = 28 // bytes, at least
	sparseChunkHeader = 12
	sparseFillBytes   = 4

	// maxSparseChunks bounds what is kept of an image: a chunk for each block of 4 KiB of
	// a gigabyte.
	maxSparseChunks = 1 << 18

	// maxSparseBlock bounds a block. All programs use 4 KiB.
	maxSparseBlock = 1 << 20

	// maxSparseDisk bounds the disk, in bytes.
	maxSparseDisk = 1 << 50
)

// Sparse is how a sparse image of Android is found and opened.
var Sparse = &level.Format{Name: "sparse", Detect: detectSparse, Open: openSparse}

func detectSparse(p *level.Probe) bool { return bytes.HasPrefix(p.Head, sparseMagic) }

// sparseChunk is a run of blocks of the disk.
type sparseChunk struct {
	end  int64 // the byte of the disk behind it
	at   int64 // its data in the file
	kind int
}

func openSparse(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [sparseHeader]byte
	if got := dev.Read(h[:], 0); !bytes.HasPrefix(got, sparseMagic) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	d := newBlocks(dev, 0)
	d.block = int64(device.LE32(h[:], 12))
	if d.block < sparseFillBytes || d.block > maxSparseBlock {
		return nil, fmt.Errorf("blocks of %d bytes: %w", d.block, level.ErrMalformed)
	}
	chunks, err := sparseChunks(d, int64(device.LE16(h[:], 8)), max(sparseChunkHeader, int64(device.LE16(h[:], 10))))
	if dev.Err != nil {
		return nil, dev.Err
	}
	if declared := int64(device.LE32(h[:], 20)); err == nil && int64(len(chunks)) < declared {
		d.fail(fmt.Errorf("%d chunks of %d: %w", len(chunks), declared, level.ErrMalformed))
	}
	d.find = func(off int64) span { return d.sparse(chunks, off) }
	d.unpack = fillBlock
	i := disk.Image{Disk: dev.Derive(d, d.size), Fault: d.Fault}
	if err != nil {
		i.Missing = append(i.Missing, err)
	}
	return disk.OpenImage(i, l)
}

// sparseChunks lists the chunks up to the first that is none, and sets the disk's size
// to what they cover. Whatever the header says of their number, all are used. The error
// is that there are too many.
func sparseChunks(d *blocks, at, header int64) (all []sparseChunk, err error) {
	var h [sparseChunkHeader]byte
	for d.dev.Full(h[:], at) {
		c := sparseChunk{kind: int(device.LE16(h[:], 0)), at: at + header}
		blocks, total := int64(device.LE32(h[:], 4)), int64(device.LE32(h[:], 8))
		switch c.kind {
		case sparseRaw:
			// The size in bytes is believed, as it leads to the next chunk.
			if total-header != blocks*d.block {
				d.fail(fmt.Errorf("a chunk of %d blocks in %d bytes: %w", blocks, total, level.ErrMalformed))
			}
		case sparseFill, sparseSkip:
		default:
			blocks = 0
		}
		if at += max(header, total); blocks == 0 {
			continue
		}
		if len(all) == maxSparseChunks || d.size > maxSparseDisk {
			return all, fmt.Errorf("chunks of a sparse image: %w", level.ErrLimit)
		}
		d.size += blocks * d.block
		c.end = d.size
		all = append(all, c)
	}
	return all, nil
}

// sparse finds a place of the disk in its chunk.
func (b *blocks) sparse(chunks []sparseChunk, off int64) span {
	i := sort.Search(len(chunks), func(i int) bool { return chunks[i].end > off })
	c, start := chunks[i], int64(0)
	if i > 0 {
		start = chunks[i-1].end
	}
	switch c.kind {
	case sparseRaw:
		return span{kind: spanStored, off: c.at + off - start, n: c.end - off}
	case sparseFill:
		return packed(c.at, sparseFillBytes, off-start, b.block, uint64(c.at))
	}
	return span{n: c.end - off}
}

// fillBlock repeats what a block is filled with.
func fillBlock(dst, pattern []byte, most int64) ([]byte, error) {
	if len(pattern) < sparseFillBytes {
		return dst, errOutside
	}
	for int64(len(dst)) < most {
		dst = append(dst, pattern[:min(sparseFillBytes, most-int64(len(dst)))]...)
	}
	return dst, nil
}
