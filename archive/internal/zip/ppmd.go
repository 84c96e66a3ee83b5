package zip

import (
	"fmt"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/ppmd"
)

// ppmdDecoder decodes a stream of PPMd variant I, revision 1.
type ppmdDecoder struct {
	*ppmd.Reader
	m        *ppmd.ModelI
	in       *input.Bytes
	declared int64 // bytes of memory
}

// ppmdPerByte is more memory than the model needs for one byte of output.
const ppmdPerByte = 1 << 10

// openPPMd reads the two bytes before the stream, APPNOTE.TXT section 5.10.
// No more memory is taken than the output needs, whatever they say: what lies
// where matters only once the memory is exhausted.
func openPPMd(d *decoders, in *input.Bytes, h bodyHints) (bodyDecoder, error) {
	var own [2]byte
	if _, err := io.ReadFull(in, own[:]); err != nil {
		return nil, level.BodyError(input.NoEOF(err))
	}
	v := le.Uint16(own[:])
	order, declared, restore := int(v&15)+1, (int64(v>>4&0xff)+1)<<20, ppmd.Restore(v>>12)
	if order < ppmd.MinOrder || restore > ppmd.CutOff {
		return nil, fmt.Errorf("ppmd parameters %#04x: %w", v, level.ErrUnsupported)
	}
	size := min(declared, max(d.dictionary&^3, 1<<20))
	if h.limit >= 0 && h.limit < size/ppmdPerByte {
		size = min(size, h.limit*ppmdPerByte+1<<20)
	}
	m := ppmdModels.Get().(*ppmd.ModelI)
	m.Resize(uint32(size))
	m.Reset(order, restore)
	m.Clamped = size < declared
	return &ppmdDecoder{Reader: ppmd.NewReaderZip(in, m), m: m, in: in, declared: declared}, nil
}

// ppmdModels are shared by all files, for none keeps its memory longer than one
// body takes: an archive in an archive must not hold what its folder holds too.
var ppmdModels = sync.Pool{New: func() any { return new(ppmd.ModelI) }}

func (d *ppmdDecoder) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err == ppmd.ErrMemory {
		err = fmt.Errorf("memory of %d bytes: %w", d.declared, level.ErrLimit)
	}
	return n, err
}

// Work implements level.Worker.
func (d *ppmdDecoder) Work() int64 { return d.m.Work() }

func (d *ppmdDecoder) Consumed() int64 { return d.in.At() }

func (d *ppmdDecoder) Release() {
	ppmdModels.Put(d.m)
	d.m = nil
	d.in.Release()
}
