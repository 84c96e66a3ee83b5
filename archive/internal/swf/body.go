package swf

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

// body is the uncompressed file: the head of one, then what is decoded.
type body struct {
	in       *input.Stream
	member   *level.Member
	head     []byte // that was not read yet
	z        io.Reader
	declared int64 // length of the whole, by the head
	packed   int64 // length of LZMA's data, by the head; -1 for zlib
	n        int64 // bytes given
	end      int64 // where the compressed data ends in the file; 0 if that is not known
	props    lzma.Props
	limit    int64 // Limits.Dictionary
	err      error // sticky
}

// newBody is for the file whose first bytes are head. No length is believed: the data
// goes on to its own end, or the file's.
func newBody(in *input.Stream, head []byte, m *level.Member, limit int64) *body {
	b := &body{in: in, member: m, limit: limit, packed: -1, declared: int64(binary.LittleEndian.Uint32(head[4:]))}
	b.head = append([]byte("FWS"), head[3:headBytes]...)
	if head[0] == 'Z' {
		b.packed = int64(binary.LittleEndian.Uint32(head[lzmaLength:]))
		b.props, _ = lzma.ParseProps(head[lzmaProps:lzmaData])
	}
	return b
}

// start opens the decoder.
func (b *body) start() error {
	if b.packed < 0 {
		if err := b.in.Skip(headBytes + 2); err != nil {
			return err
		}
		b.z = flate.NewReader(b.in.Reader) // an io.ByteReader, so that nothing is taken ahead
		return nil
	}
	if err := b.in.Skip(lzmaData); err != nil {
		return err
	}
	z := new(lzma.Reader)
	b.z = z
	return z.Reset(b.in.Reader, b.props, -1, b.limit)
}

func (b *body) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		b.n += int64(n)
		return n, nil
	}
	if b.err == nil && b.z == nil {
		b.err = b.start()
	}
	if b.err != nil {
		return 0, b.finish(b.err)
	}
	n, err := b.z.Read(p)
	b.n += int64(n)
	if err != nil {
		b.err = b.finish(err)
	}
	return n, b.err
}

// finish judges the end of the data.
func (b *body) finish(err error) error {
	switch {
	case err == io.EOF:
		b.end = b.in.Offset()
		if b.packed < 0 {
			b.end = min(b.end+4, b.in.Src.Size()) // the checksum, which players do not ask
		}
	case b.packed >= 0 && b.n >= b.declared && isDamage(err):
		// QUIRK: the specification has a marker at the end, which many writers leave out.
		// What is decoded behind the declared length is then chance.
		b.end = min(lzmaData+b.packed, b.in.Src.Size())
		err = io.EOF
	default:
		return level.BodyError(err)
	}
	if b.n != b.declared {
		level.Note(b.member, anomaly.Size)
	}
	return err
}

// isDamage says whether an error is of the data, and not of the source or a limit.
func isDamage(err error) bool {
	return errors.Is(err, lzma.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
