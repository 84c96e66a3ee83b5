package wim

import (
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzx"
)

// lzxChunks decodes LZX chunks, each of which stands for itself.
type lzxChunks struct{ *lzx.Decoder }

// newLZX returns a decoder for chunks of up to that many bytes.
func newLZX(chunk int64) (lzxChunks, error) {
	d, err := lzx.NewWIM(chunk)
	return lzxChunks{d}, err
}

func (d lzxChunks) decode(out, in []byte) (int, error) {
	n, err := d.Frame(out, in)
	if err != nil {
		err = level.BodyError(err)
	}
	return n, err
}
