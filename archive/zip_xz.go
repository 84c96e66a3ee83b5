package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/therootcompany/xz"
)

// xzFeed hands an xz decoder its input in small pieces and remembers the last of
// them: the decoder takes more than it needs, and where the stream ended is then
// found by its footer.
type xzFeed struct {
	in   *byteInput
	tail [2*xzPiece + xzFooter]byte // the last bytes handed out
	have int
}

const (
	xzPiece  = 512
	xzFooter = 12
)

func (f *xzFeed) Read(p []byte) (int, error) {
	n, err := f.in.Read(p[:min(len(p), xzPiece)])
	if over := f.have + n - len(f.tail); over > 0 {
		f.have = copy(f.tail[:], f.tail[over:f.have])
	}
	f.have += copy(f.tail[f.have:], p[:n])
	return n, err
}

// over is how many bytes were handed out behind the last footer: "YZ", before it
// the flags and the index' size, with a CRC before them
// (The .xz File Format 1.1.0, section 2.1.2).
func (f *xzFeed) over() int64 {
	tail := f.tail[:f.have]
	for i := len(tail); i >= xzFooter; i-- {
		b := tail[i-xzFooter : i]
		if b[10] == 'Y' && b[11] == 'Z' && le.Uint32(b) == crc32.ChecksumIEEE(b[4:10]) {
			return int64(len(tail) - i)
		}
	}
	return 0
}

// xzDictionary is the size of the dictionary that the first block of a stream
// asks for, section 3.1 and 5.3.1 there; -1 if there is none to be found.
func xzDictionary(b []byte) int64 {
	const streamHeader = 12
	if len(b) < streamHeader+2 {
		return -1
	}
	if b = b[streamHeader:]; b[0] == 0 {
		return 0 // an index: the stream has no blocks
	}
	flags := b[1]
	b = b[2:min(len(b), 4*(int(b[0])+1))]
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		return v
	}
	for _, bit := range []byte{0x40, 0x80} { // the block's sizes
		if flags&bit != 0 {
			number()
		}
	}
	for range flags&3 + 1 {
		id, n := number(), number()
		if n > uint64(len(b)) {
			return -1
		}
		if id == 0x21 && n == 1 && b[0] < 40 {
			return int64(2|b[0]&1) << (b[0]/2 + 11)
		}
		b = b[n:]
	}
	return -1
}

// openZipXZ lets the decoder allocate what the first block asks for, and no more
// for the blocks that follow.
func openZipXZ(d *zipDecoders, in *byteInput, _ bodyHints) (bodyDecoder, error) {
	head, err := in.buf.Peek(12 + 1024)
	if err != nil && err != io.EOF {
		return nil, bodyError(err)
	}
	dict := xzDictionary(head)
	switch {
	case dict > d.dictionary:
		return nil, fmt.Errorf("dictionary of %d bytes: %w", dict, ErrLimit)
	case dict < 0:
		return nil, fmt.Errorf("xz block header: %w", ErrMalformed)
	}
	if err := d.allocate(dict); err != nil {
		return nil, err
	}
	feed := &xzFeed{in: in}
	r, err := newXZ(feed, uint32(max(dict, 4096)))
	if err != nil {
		return nil, bodyError(noEOF(err))
	}
	b := &libraryBody{Reader: r, in: in}
	b.end = func(err error) error {
		switch {
		case err == io.EOF:
		case errors.Is(err, xz.ErrMemlimit):
			return fmt.Errorf("dictionary: %w", ErrLimit)
		case errors.Is(err, xz.ErrFormat), errors.Is(err, xz.ErrBuf) && feed.over() > 0, errors.Is(err, xz.ErrData) && feed.over() > 0:
			// What follows the streams is none.
			err = io.EOF
		default:
			return err
		}
		b.over = feed.over()
		return err
	}
	return b, nil
}

// newXZ guards the decoder's reading of the stream header.
func newXZ(r io.Reader, dict uint32) (x *xz.Reader, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("decoder: %v", v)
		}
	}()
	return xz.NewReader(r, dict)
}
