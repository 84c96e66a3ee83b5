package disk

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// zisofsMagic begins a file that mkzftree compressed; Linux shows it decompressed
// (Linux, fs/isofs/compress.c).
var zisofsMagic = []byte("\x37\xe4\x53\x96\xc9\xdb\xd6\x07")

// addZisofs adds the decompressed reading of a file.
func (v *isoImage) addZisofs(in *device.Folder, names []string, at device.Extent) {
	var h [16]byte
	if at.N < 16 || !v.Dev.Full(h[:], at.Off) || !bytes.HasPrefix(h[:], zisofsMagic) {
		return
	}
	r := zisofsReader{
		dev: v.Dev.Part(at.Off, at.N), left: int64(device.LE32(h[:], 8)),
		table: int64(h[12]) * 4, block: int64(1) << min(h[13], 63),
	}
	if h[13] < 15 || h[13] > 17 {
		f := v.Add(device.Key{Off: at.Off, Size: r.left, Hash: 1}, in, names, nil)
		f.Member.Err = fmt.Errorf("zisofs blocks of 2^%d bytes: %w", h[13], level.ErrUnsupported)
		return
	}
	f := v.Add(device.Key{Off: at.Off, Size: r.left, Hash: 1}, in, names, func() io.Reader { fresh := r; return &fresh })
	f.Member.Method, f.Member.Reading = "zisofs", "zisofs"
}

// zisofsReader decodes the blocks one after the other.
type zisofsReader struct {
	dev   *device.Device
	table int64 // offset of the table of the blocks' places
	block int64 // decoded bytes of a block
	index int64 // of the next block
	left  int64 // bytes of the file that are still to come
	body  []byte
	z     io.ReadCloser
	fail  error // after body
}

func (r *zisofsReader) Read(p []byte) (int, error) {
	for len(r.body) == 0 {
		switch {
		case r.fail != nil:
			return 0, r.fail
		case r.left <= 0:
			return 0, io.EOF
		}
		r.fail = r.decode()
	}
	n := copy(p, r.body)
	r.body = r.body[n:]
	return n, nil
}

func (r *zisofsReader) decode() error {
	var e [8]byte
	if !r.dev.Full(e[:], r.table+4*r.index) {
		return fmt.Errorf("zisofs table: %w", level.ErrMalformed)
	}
	r.index++
	from, to := int64(device.LE32(e[:], 0)), int64(device.LE32(e[:], 4))
	want := min(r.block, r.left)
	r.left -= want
	if from == to {
		r.body = make([]byte, want)
		return nil
	}
	part := r.dev.Part(from, to-from).Reader()
	var err error
	if r.z == nil {
		r.z, err = zlib.NewReader(part)
	} else {
		err = r.z.(zlib.Resetter).Reset(part, nil)
	}
	if err != nil {
		r.z = nil
		return level.BodyError(err)
	}
	r.body, err = io.ReadAll(io.LimitReader(r.z, want))
	if int64(len(r.body)) < want && err == nil {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return level.BodyError(err)
	}
	return nil
}
