package hashset

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"
	"path/filepath"
)

// storage is what a set is written to.
type storage interface {
	io.ReaderAt
	io.WriterAt
}

// WriteFile writes the set of all that was read to a file for [Open], which takes
// the place of the one at path at once and whole: a program that has the old one
// open keeps it. The Builder must not be used again.
func (b *Builder) WriteFile(path string) (err error) {
	defer b.discard()
	if b.failed != nil {
		return b.failed
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("hashset: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("hashset: %w", err)
		}
	}()
	if err := b.write(f); err != nil {
		return err
	}
	// A service of another user reads it: lists are no secret.
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// write writes the whole file.
func (b *Builder) write(f storage) error {
	l := layout{Version: formatVersion, Labels: uint32(len(b.labels.all))}
	copy(l.Magic[:], magic)
	at := uint64(headerSize)
	for k := range kinds {
		if b.gathered[k].count == 0 {
			continue
		}
		var err error
		if at, err = b.writeTable(f, k, &l.Tables[k], at); err != nil {
			return err
		}
	}
	l.LabelsAt = at
	l.TextsAt = at + 4*uint64(l.Labels) + 4
	l.TextBytes = b.labels.texts()
	l.Size = l.TextsAt + l.TextBytes
	if err := b.labels.write(writerAt(f, at)); err != nil {
		return err
	}
	body, err := digestOf(io.NewSectionReader(f, headerSize, int64(l.Size-headerSize)))
	if err != nil {
		return err
	}
	l.Body = body
	header, err := l.encode()
	if err == nil {
		_, err = f.WriteAt(header, 0)
	}
	return err
}

func digestOf(r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	_, err = io.CopyBuffer(struct{ io.Writer }{h}, r, make([]byte, 256<<10))
	h.Sum(sum[:0])
	return sum, err
}

func writerAt(f io.WriterAt, at uint64) *bufio.Writer {
	return bufio.NewWriterSize(io.NewOffsetWriter(f, int64(at)), 256<<10)
}

func aligned(n uint64) uint64 { return (n + align - 1) / align * align }

// writeTable writes the rows of a kind from at on, fills its layout, and returns
// where the next part begins.
func (b *Builder) writeTable(f storage, k kind, t *tableLayout, at uint64) (uint64, error) {
	g := &b.gathered[k]
	if g.count > math.MaxUint32 {
		return 0, errors.New("more than 4294967295 digests of a kind")
	}
	sizes, log := g.sizesBitmap()
	t.SizesLog = log
	t.Blocks = uint32((g.count + perBlock - 1) / perBlock)
	t.LabelBits = uint8(bits.Len(uint(len(b.labels.all) - 1)))
	t.Value = uint8((int(t.LabelBits) + bits.Len64(uint64(g.largest)) + 7) / 8)
	t.BlocksAt = at
	t.SizesAt = at + uint64(t.Blocks)*blockSize
	t.RowsAt = aligned(t.SizesAt + uint64(len(sizes)))
	if _, err := f.WriteAt(sizes, int64(t.SizesAt)); err != nil {
		return 0, err
	}
	rows, err := b.merged(k)
	if err != nil {
		return 0, err
	}
	w := &tableWriter{t: t, width: widths[k], blocks: writerAt(f, t.BlocksAt), rows: writerAt(f, t.RowsAt)}
	for {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		w.add(row)
	}
	if err := w.finish(); err != nil {
		return 0, err
	}
	b.gathered[k] = gathered{}
	return aligned(t.RowsAt + uint64(t.Rows)*uint64(t.rowBytes(k))), nil
}

// tableWriter writes rows that come in order.
type tableWriter struct {
	t            *tableLayout
	width        int // of a digest
	blocks, rows *bufio.Writer
	block        [blockSize]byte
	q            uint32 // the block's number
	row          []byte
}

// add writes one row. Errors are those of finish: a bufio.Writer keeps its first.
func (w *tableWriter) add(row []byte) {
	digest, size, label := row[:w.width], binary.BigEndian.Uint32(row[w.width:]), binary.BigEndian.Uint32(row[w.width+4:])
	q, _ := bucketOf(binary.BigEndian.Uint64(digest), w.t.Blocks)
	w.upTo(q)
	filterAdd(w.block[4:], digest)
	var buf [maxWidth]byte
	w.row = append(w.row[:0], shorten(buf[:], digest, w.q, w.t.Blocks)...)
	n := len(w.row)
	w.row = binary.LittleEndian.AppendUint64(w.row, uint64(size)<<w.t.LabelBits|uint64(label))
	w.rows.Write(w.row[:n+int(w.t.Value)])
	w.t.Rows++
}

// upTo writes the blocks before block q and begins that one.
func (w *tableWriter) upTo(q uint32) {
	for w.q < q {
		w.blocks.Write(w.block[:])
		w.block = [blockSize]byte{}
		binary.LittleEndian.PutUint32(w.block[:], w.t.Rows)
		w.q++
	}
}

func (w *tableWriter) finish() error {
	w.upTo(w.t.Blocks)
	return errors.Join(w.blocks.Flush(), w.rows.Flush())
}

// memory is a storage without a file.
type memory []byte

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > len(*m) {
		*m = append(*m, make([]byte, need-len(*m))...)
	}
	return copy((*m)[off:], p), nil
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(*m)) {
		return 0, io.EOF
	}
	n := copy(p, (*m)[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
