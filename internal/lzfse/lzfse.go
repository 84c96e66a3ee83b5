package lzfse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Sizes in bytes.
const (
	history = 256 << 10 // the farthest that a match reaches back
	room    = 256 << 10
)

// ErrData says that the data are not what the format allows.
var ErrData = errors.New("lzfse: invalid data")

// Magic numbers of blocks.
const (
	magicEnd    = 'b' | 'v'<<8 | 'x'<<16 | '$'<<24
	magicStored = 'b' | 'v'<<8 | 'x'<<16 | '-'<<24
	magicV1     = 'b' | 'v'<<8 | 'x'<<16 | '1'<<24
	magicV2     = 'b' | 'v'<<8 | 'x'<<16 | '2'<<24
	magicLZVN   = 'b' | 'v'<<8 | 'x'<<16 | 'n'<<24
)

// What a Reader is in.
type state int

const (
	between state = iota // blocks: a magic number follows
	stored               // a block of bytes as they are
	coded                // a block of triplets
	codes                // a block of LZVN
	bare                 // LZVN without blocks
)

// Reader decodes one stream.
type Reader struct {
	in  *bufio.Reader
	err error // sticky, comes once out is empty

	out   []byte // history, and what comes behind it
	w, r  int    // behind the last byte, behind the last byte that was read
	total int64  // decoded bytes

	state state
	lit   int   // literals that are still to come
	match int   // bytes of a match that are still to come
	dist  int   // how far back it lies; 0: there was none
	left  int64 // packed bytes of a block of LZVN
	raw   int64 // bytes that it said it makes

	block triplets
}

// NewReader decodes LZFSE up to its end mark.
func NewReader(in *bufio.Reader) *Reader {
	r := &Reader{out: make([]byte, history+room)}
	r.Reset(in)
	return r
}

// NewReaderLZVN decodes LZVN without blocks, up to its end mark.
func NewReaderLZVN(in *bufio.Reader) *Reader {
	r := NewReader(in)
	r.state, r.left = bare, 1<<62
	return r
}

// Reset begins another stream of LZFSE. The memory is kept.
func (r *Reader) Reset(in *bufio.Reader) {
	b := &r.block
	for _, t := range []table{b.lengths, b.copies, b.dists, b.literalCode} {
		clear(t)
	}
	*r = Reader{in: in, out: r.out, w: history, r: history, block: triplets{
		lengths: b.lengths, copies: b.copies, dists: b.dists, literalCode: b.literalCode, raw: b.raw, rawLMD: b.rawLMD,
	}}
}

// ResetLZVN begins another stream of LZVN.
func (r *Reader) ResetLZVN(in *bufio.Reader) {
	r.Reset(in)
	r.state, r.left = bare, 1<<62
}

func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.r == r.w {
		if r.err != nil {
			return 0, r.err
		}
		if r.w == len(r.out) {
			copy(r.out, r.out[r.w-history:r.w])
			r.w, r.r = history, history
		}
		for r.err == nil && r.w < len(r.out) && r.w-r.r < len(p) {
			r.err = r.step()
		}
	}
	n := copy(p, r.out[r.r:r.w])
	r.r += n
	return n, nil
}

// step decodes as much of one thing as there is room for.
func (r *Reader) step() error {
	switch {
	case r.lit > 0:
		return r.literals()
	case r.match > 0:
		return r.copyMatch()
	}
	switch r.state {
	case coded:
		return r.triplet()
	case codes, bare:
		return r.code()
	}
	r.state = between
	return r.open()
}

func (r *Reader) literals() error {
	n := min(r.lit, len(r.out)-r.w)
	var err error
	if r.state == coded {
		if err := r.block.take(r.out[r.w : r.w+n]); err != nil {
			return err
		}
	} else {
		n, err = io.ReadFull(r.in, r.out[r.w:r.w+n])
	}
	r.lit -= n
	r.w += n
	r.total += int64(n)
	return noEOF(err)
}

func (r *Reader) copyMatch() error {
	if r.dist <= 0 || int64(r.dist) > r.total || r.dist > history {
		return ErrData
	}
	n := min(r.match, len(r.out)-r.w)
	if r.dist >= n {
		copy(r.out[r.w:r.w+n], r.out[r.w-r.dist:])
	} else {
		for i := range n {
			r.out[r.w+i] = r.out[r.w+i-r.dist]
		}
	}
	r.match -= n
	r.w += n
	r.total += int64(n)
	return nil
}

// open reads a block's header.
func (r *Reader) open() error {
	var h [12]byte
	if _, err := io.ReadFull(r.in, h[:4]); err != nil {
		return noEOF(err)
	}
	magic := binary.LittleEndian.Uint32(h[:])
	switch magic {
	case magicEnd:
		return io.EOF
	case magicStored:
		if _, err := io.ReadFull(r.in, h[:4]); err != nil {
			return noEOF(err)
		}
		r.state, r.lit = stored, int(binary.LittleEndian.Uint32(h[:]))
		return nil
	case magicLZVN:
		if _, err := io.ReadFull(r.in, h[:8]); err != nil {
			return noEOF(err)
		}
		r.raw = r.total + int64(binary.LittleEndian.Uint32(h[:]))
		r.left = int64(binary.LittleEndian.Uint32(h[4:]))
		r.state, r.dist = codes, 0
		return nil
	case magicV1, magicV2:
		if err := r.block.open(r.in, magic); err != nil {
			return noEOF(err)
		}
		r.state, r.dist = coded, 0
		return nil
	}
	return ErrData
}

// triplet decodes the next literals and match of a block.
func (r *Reader) triplet() error {
	b := &r.block
	if b.matches == 0 {
		r.state = between
		return nil
	}
	b.matches--
	if !b.lmd.fill() {
		return ErrData
	}
	r.lit = b.lengths.value(&b.lmd, &b.lState)
	r.match = b.copies.value(&b.lmd, &b.mState)
	if d := b.dists.value(&b.lmd, &b.dState); d != 0 {
		r.dist = d
	}
	if b.used+r.lit > b.literals || r.dist == 0 || int64(r.dist) > r.total+int64(r.lit) {
		r.lit, r.match = 0, 0
		return ErrData
	}
	return nil
}

// noEOF is for an end of input in the middle of a stream.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
