package office

import (
	"bufio"
	"encoding/binary"
	"io"
)

// Records that matter where what a workbook's records hold is put together ([MS-XLS]
// section 2.3).
const (
	biffContinue      = 0x003C
	biffObject        = 0x005D // stands amid the drawing that it belongs to
	biffDrawingGroup  = 0x00EB
	biffDrawing       = 0x00EC
	biffContinueFrt   = 0x0812
	biffContinueFrt11 = 0x0875
	biffContinueFrt12 = 0x087F
)

// biffCell is the length up to which a record is left out, in bytes: that of a cell, a row
// or a style. Drawings and what continues a record are used at any length.
const biffCell = 64

// biffJoin reads what the records of a workbook hold, without their heads.
type biffJoin struct {
	in   *bufio.Reader
	left int // bytes of the present record
}

func newBIFFJoin(r io.Reader) *biffJoin { return &biffJoin{in: bufio.NewReader(r)} }

func (b *biffJoin) Read(p []byte) (int, error) {
	for b.left == 0 {
		if err := b.head(); err != nil {
			return 0, err
		}
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// head reads a record's head, and passes over what is not used of the record.
func (b *biffJoin) head() error {
	var h [4]byte
	if _, err := io.ReadFull(b.in, h[:]); err == io.ErrUnexpectedEOF {
		return io.EOF // there may be anything behind the last record
	} else if err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint16(h[2:]))
	skip := 0
	switch binary.LittleEndian.Uint16(h[:]) {
	case biffContinue, biffDrawing, biffDrawingGroup:
	case biffContinueFrt, biffContinueFrt11:
		skip = min(n, 4)
	case biffContinueFrt12:
		skip = min(n, 12)
	case biffObject:
		skip = n
	default:
		if n <= biffCell {
			skip = n
		}
	}
	b.left = n - skip
	_, err := b.in.Discard(skip)
	return err
}
