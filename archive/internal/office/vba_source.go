package office

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// vbaChunk is how many bytes a chunk decodes to at most ([MS-OVBA] section 2.4.1.1.4).
const vbaChunk = 4096

// Faults of compressed source.
var (
	errVBASignature = errors.New("no compressed container")
	errVBAReference = errors.New("reference before the chunk's start")
)

// vbaSource decodes a compressed container ([MS-OVBA] section 2.4.1): a signature
// byte and chunks, each with a window of its own.
type vbaSource struct {
	in    *bufio.Reader
	begun bool
	raw   [vbaChunk]byte // the chunk, compressed
	out   [vbaChunk]byte
	have  int // decoded bytes in out
	taken int // of them, returned already
	err   error
}

func newVBASource(r io.Reader) *vbaSource {
	return &vbaSource{in: bufio.NewReaderSize(&level.Marked{R: r}, vbaChunk)}
}

func (v *vbaSource) Read(p []byte) (int, error) {
	for v.taken == v.have {
		if v.err != nil {
			return 0, v.err
		}
		v.have, v.taken = 0, 0
		v.err = v.chunk()
	}
	n := copy(p, v.out[v.taken:v.have])
	v.taken += n
	return n, nil
}

// chunk decodes the next chunk. What was decoded before an error stays.
func (v *vbaSource) chunk() error {
	if !v.begun {
		v.begun = true
		b, err := v.in.ReadByte()
		if err != nil {
			return level.BodyError(err)
		}
		if b != 1 {
			return fmt.Errorf("%w: %w", level.ErrMalformed, errVBASignature)
		}
	}
	var h [2]byte
	if _, err := io.ReadFull(v.in, h[:]); err != nil {
		if err == io.EOF {
			return io.EOF // the container's end
		}
		return level.BodyError(err)
	}
	header := binary.LittleEndian.Uint16(h[:])
	if header>>12&7 != 3 {
		// QUIRK: [MS-OVBA] section 2.4.1.1.5 wants 3 here. Behind the container
		// there may be anything, which programs do not read.
		return io.EOF
	}
	left := int(header&0xFFF) + 1
	if header&0x8000 == 0 {
		n, err := io.ReadFull(v.in, v.out[:min(left, vbaChunk)])
		v.have = n
		if err != nil {
			return level.BodyError(err)
		}
		return nil
	}
	return v.tokens(left)
}

// tokens decodes the left bytes of a compressed chunk ([MS-OVBA] section 2.4.1.3.2).
func (v *vbaSource) tokens(left int) error {
	n, err := io.ReadFull(v.in, v.raw[:left])
	if err != nil {
		err = level.BodyError(err)
	}
	for raw := v.raw[:n]; len(raw) > 0; {
		flags := raw[0]
		raw = raw[1:]
		for bit := 0; bit < 8 && len(raw) > 0; bit++ {
			if flags>>bit&1 == 0 {
				v.put(raw[0])
				raw = raw[1:]
				continue
			}
			if len(raw) == 1 {
				return err // half a reference: no program takes it
			}
			if err := v.copy(binary.LittleEndian.Uint16(raw)); err != nil {
				return err
			}
			raw = raw[2:]
		}
	}
	return err
}

func (v *vbaSource) put(b byte) {
	if v.have < vbaChunk {
		v.out[v.have] = b
		v.have++
	}
}

// copy follows a reference. How many of its bits are the offset depends on how
// much of the chunk there is ([MS-OVBA] section 2.4.1.3.19.1).
func (v *vbaSource) copy(token uint16) error {
	offsetBits := 4
	if v.have > 16 {
		offsetBits = min(12, bits.Len(uint(v.have-1)))
	}
	length := int(token&(0xFFFF>>offsetBits)) + 3
	from := v.have - int(token>>(16-offsetBits)) - 1
	if from < 0 {
		return fmt.Errorf("%w: %w", level.ErrMalformed, errVBAReference)
	}
	for range min(length, vbaChunk-v.have) {
		v.out[v.have] = v.out[from]
		v.have++
		from++
	}
	return nil
}
