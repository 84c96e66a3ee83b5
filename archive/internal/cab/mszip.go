package cab

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// mszipBlocks decodes blocks of MSZIP, [MS-MCI]: two letters and a deflate stream that may
// refer to the blocks before. The zero value is ready for the first one.
type mszipBlocks struct {
	z    io.ReadCloser
	in   bytes.Reader
	past []byte // the last 32 KiB
	out  []byte
}

// begin forgets the blocks before.
func (m *mszipBlocks) begin() { m.past = m.past[:0] }

// block returns the bytes of a block, also those before an error, until the next call.
func (m *mszipBlocks) block(packed []byte) ([]byte, error) {
	if !bytes.HasPrefix(packed, []byte("CK")) {
		return nil, fmt.Errorf("block without its signature: %w", level.ErrMalformed)
	}
	m.in.Reset(packed[2:])
	if m.z == nil {
		m.z = flate.NewReaderDict(&m.in, m.past)
		m.out = make([]byte, 0, 64<<10)
	} else {
		_ = m.z.(flate.Resetter).Reset(&m.in, m.past) // fails only for a reader that is not flate's
	}
	m.out = m.out[:0]
	var err error
	for z := (&input.Guarded{R: m.z}); err == nil && len(m.out) < cap(m.out); {
		var n int
		n, err = z.Read(m.out[len(m.out):cap(m.out)])
		m.out = m.out[:len(m.out)+n]
	}
	if err == io.EOF {
		err = nil
	}
	m.past = append(m.past, m.out...)
	if extra := len(m.past) - cabBlock; extra > 0 {
		m.past = append(m.past[:0], m.past[extra:]...)
	}
	return m.out, err
}
