package archive

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

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

func openZipXZ(d *zipDecoders, in *byteInput, _ bodyHints) (bodyDecoder, error) {
	feed := &xzFeed{in: in}
	err := d.resetXZ(feed)
	b := &libraryBody{Reader: d.xz, in: in}
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
	if err != nil {
		if errors.Is(err, xz.ErrMemlimit) {
			return nil, fmt.Errorf("dictionary: %w", ErrLimit)
		}
		return nil, bodyError(noEOF(err))
	}
	return b, nil
}

// resetXZ points the file's one xz decoder, with its dictionary, at a new body.
func (d *zipDecoders) resetXZ(r io.Reader) (err error) {
	defer func() {
		if v := recover(); v != nil {
			d.xz, err = nil, fmt.Errorf("decoder: %v", v)
		}
	}()
	if d.xz == nil {
		d.xz, err = xz.NewReader(r, uint32(min(d.dictionary, math.MaxUint32)))
		return err
	}
	return d.xz.Reset(r)
}
