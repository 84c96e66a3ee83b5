package stream

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Types of checks that are compared (The .xz File Format 1.2.1, section 2.1.1.2).
const (
	xzCRC32  = 1
	xzCRC64  = 4
	xzSHA256 = 10
)

// xzCheckBytes is the length of a check by its type, known or not.
func xzCheckBytes(check byte) int {
	if check == 0 {
		return 0
	}
	return 4 << ((check - 1) / 3)
}

var crc64Table = crc64.MakeTable(crc64.ECMA)

// xzSum returns the hash of a type of check, nil for none. xz itself shows data
// whose check it does not know, with a warning.
func xzSum(check byte) hash.Hash {
	switch check {
	case xzCRC32:
		return littleEndian{crc32.NewIEEE()}
	case xzCRC64:
		return littleEndian{crc64.New(crc64Table)}
	case xzSHA256:
		return sha256.New()
	}
	return nil
}

// littleEndian is a hash whose sum is stored the other way round.
type littleEndian struct{ hash.Hash }

func (l littleEndian) Sum(b []byte) []byte {
	at := len(b)
	b = l.Hash.Sum(b)
	for i, j := at, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}

// xzIndex is the sum of a stream's blocks, by which its index is judged.
type xzIndex struct {
	blocks   int64
	packed   int64 // sum of the "unpadded sizes"
	unpacked int64
}

func (x *xzIndex) add(packed, unpacked int64) {
	x.blocks++
	x.packed += packed
	x.unpacked += unpacked
}

// indexReader reads the index byte by byte and keeps its CRC.
type indexReader struct {
	in  *bufio.Reader
	sum uint32
	n   int64
}

func (r *indexReader) byte() (byte, error) {
	b, err := r.in.ReadByte()
	if err != nil {
		return 0, level.Truncated(err)
	}
	r.sum = crc32.Update(r.sum, crc32.IEEETable, []byte{b})
	r.n++
	return b, nil
}

func (r *indexReader) vli() (int64, error) {
	var n uint64
	for i := range 9 {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("index: %w", level.ErrMalformed)
}

// readIndex reads a stream's index and footer (sections 4 and 2.1.2).
func (f *XzFrames) readIndex() error {
	r := indexReader{in: f.In}
	if _, err := r.byte(); err != nil {
		return err
	}
	count, err := r.vli()
	if err != nil {
		return err
	}
	if count != f.index.blocks {
		return fmt.Errorf("index of %d blocks for %d: %w", count, f.index.blocks, level.ErrMalformed)
	}
	var sums xzIndex
	for range count {
		packed, err := r.vli()
		if err != nil {
			return err
		}
		unpacked, err := r.vli()
		if err != nil {
			return err
		}
		sums.add(packed, unpacked)
	}
	if sums != f.index {
		f.Flaws.CheckFlaw(anomaly.Size, "index")
	}
	for r.n%4 != 0 {
		if _, err := r.byte(); err != nil {
			return err
		}
	}
	return f.readFooter(r.sum, r.n)
}

// readFooter reads the index's CRC and the footer.
func (f *XzFrames) readFooter(sum uint32, n int64) error {
	var t [4 + xzHeaderBytes]byte
	if err := input.ReadFull(f.In, t[:]); err != nil {
		return err
	}
	le := binary.LittleEndian
	if le.Uint32(t[:]) != sum {
		f.Flaws.CheckFlaw(anomaly.CRC, "index")
	}
	size := int64(le.Uint32(t[8:]))*4 + 4
	if string(t[14:]) != "YZ" || crc32.ChecksumIEEE(t[8:14]) != le.Uint32(t[4:]) || t[12] != 0 || t[13] != f.check || size != n+4 {
		f.Flaws.CheckFlaw(anomaly.HeaderCRC, "stream footer")
	}
	return nil
}
