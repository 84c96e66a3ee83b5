package archive

import "github.com/fivefifty/fivefifty/internal/lzx"

// wimLZXChunks decodes LZX chunks, each of which stands for itself.
type wimLZXChunks struct{ *lzx.Decoder }

// newWIMLZX returns a decoder for chunks of up to that many bytes.
func newWIMLZX(chunk int64) (wimLZXChunks, error) {
	d, err := lzx.NewWIM(chunk)
	return wimLZXChunks{d}, err
}

func (d wimLZXChunks) decode(out, in []byte) (int, error) {
	n, err := d.Frame(out, in)
	if err != nil {
		err = bodyError(err)
	}
	return n, err
}
