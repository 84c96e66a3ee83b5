package cab

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzx"
	"github.com/fivefifty/fivefifty/internal/quantum"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Methods of a folder, [MS-CAB] section 2.2: the lower four bits.
const (
	cabStored  = 0
	cabMSZIP   = 1
	cabQuantum = 2
	cabLZX     = 3
)

func cabMethod(m uint16) string {
	switch m & 15 {
	case cabStored:
		return "stored"
	case cabMSZIP:
		return "mszip"
	case cabQuantum:
		return "quantum"
	case cabLZX:
		return "lzx"
	}
	return fmt.Sprintf("cab-%d", m&15)
}

// cabBlock is the most that a block decodes to, in bytes.
const cabBlock = 32 << 10

// cabStream is a folder as one stream: its blocks decoded one after the other.
type cabStream struct {
	w      *cabWalker
	folder int
	at     int64  // offset of the next block
	pos    int64  // of the next byte that Read returns
	data   []byte // decoded, not yet read
	sums   int    // blocks with a wrong checksum since the last file
	err    error

	method   uint16
	packed   []byte // of a block
	out      []byte
	deflated mszipBlocks
	frames   frameDecoder // of LZX and Quantum
}

// frameDecoder decodes one block into a place of its declared size.
type frameDecoder interface {
	Frame(out, in []byte) (int, error)
	Reset()
}

// openFolder returns the stream of a folder.
func (w *cabWalker) openFolder(i int) (*cabStream, error) {
	f := w.folders[i]
	s := &cabStream{w: w, folder: i, at: f.at, method: f.method & 15}
	need := int64(128 << 10)
	switch s.method {
	case cabStored, cabMSZIP:
	case cabLZX, cabQuantum:
		bits := int(f.method >> 8 & 0x1f)
		least := lzx.MinBits
		if s.method == cabQuantum {
			least = quantum.MinBits
		}
		if bits < least || bits > lzx.MaxBits {
			return nil, fmt.Errorf("window of %d bits: %w", bits, level.ErrMalformed)
		}
		if need += 1 << bits; 1<<bits > w.limits.Dictionary {
			return nil, fmt.Errorf("window of %d bytes: %w", 1<<bits, level.ErrLimit)
		}
	default:
		return nil, fmt.Errorf("method %s: %w", cabMethod(f.method), level.ErrUnsupported)
	}
	if err := w.windows.Take(need); err != nil {
		return nil, err
	}
	var err error
	switch s.method {
	case cabLZX:
		s.frames, err = lzx.New(int(f.method >> 8 & 0x1f))
	case cabQuantum:
		s.frames, err = quantum.New(int(f.method >> 8 & 0x1f))
	}
	if err != nil {
		return nil, fmt.Errorf("window: %w: %w", level.ErrMalformed, err)
	}
	return s, nil
}

// rewind goes back to the folder's start.
func (s *cabStream) rewind() {
	s.at, s.pos, s.data, s.sums, s.err = s.w.folders[s.folder].at, 0, nil, 0, nil
	s.deflated.begin()
	if s.frames != nil {
		s.frames.Reset()
	}
}

func (s *cabStream) Read(p []byte) (int, error) {
	for len(s.data) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.data, s.err = s.block()
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	s.pos += int64(n)
	return n, nil
}

// block reads and decodes the next data block.
func (s *cabStream) block() ([]byte, error) {
	head := cabData + s.w.dataExtra
	raw, err := saferead.UpTo(s.w.src, s.at, int64(head), s.w.size, head)
	if err != nil {
		return nil, err
	}
	if len(raw) < head {
		return nil, io.EOF
	}
	sum, n, size := binary.LittleEndian.Uint32(raw), int(binary.LittleEndian.Uint16(raw[4:])), int(binary.LittleEndian.Uint16(raw[6:]))
	if s.packed == nil {
		s.packed = make([]byte, 0, 64<<10)
	}
	room := s.w.size - s.at - int64(head)
	got, err := s.w.src.ReadAt(s.packed[:min(int64(n), max(0, room))], s.at+int64(head))
	if err != nil && err != io.EOF {
		return nil, err
	}
	s.packed = s.packed[:got]
	if sum != 0 && got == n && cabSum(raw[4:], cabSum(s.packed, 0)) != sum {
		s.sums++
	}
	s.at += int64(head + got)
	out, err := s.decode(size)
	if err == nil && got < n {
		err = fmt.Errorf("block: %w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
	}
	if err == nil && len(out) == 0 && (n == 0 || size > 0) {
		err = io.EOF
	}
	return out, err
}

// decode decodes the packed block; size is what it declares.
func (s *cabStream) decode(size int) ([]byte, error) {
	if s.out == nil {
		s.out = make([]byte, 0, 64<<10)
	}
	switch s.method {
	case cabMSZIP:
		out, err := s.deflated.block(s.packed)
		if err != nil {
			err = fmt.Errorf("%w: %w", level.ErrMalformed, err)
		}
		return out, err
	case cabLZX, cabQuantum:
		s.out = s.out[:min(size, cabBlock)]
		n, err := s.frames.Frame(s.out, s.packed)
		if err != nil {
			err = fmt.Errorf("%w: %w", level.ErrMalformed, err)
		}
		return s.out[:n], err
	}
	s.out = append(s.out[:0], s.packed...)
	return s.out, nil
}

// cabSum is the checksum of a block: the exclusive-or of 32-bit words, the last
// one of them of the bytes that are left, the first the highest.
func cabSum(b []byte, sum uint32) uint32 {
	for ; len(b) >= 4; b = b[4:] {
		sum ^= binary.LittleEndian.Uint32(b)
	}
	var last uint32
	for _, c := range b {
		last = last<<8 | uint32(c)
	}
	return sum ^ last
}
