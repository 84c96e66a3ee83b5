package sevenzip

import (
	"bufio"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/ppmd"
)

// ppmd opens the decoder of PPMd: one byte of order, four of memory. The model is
// kept for folders that follow.
func (z *walker) ppmd(c *coder, in io.Reader, size int64) (io.Reader, error) {
	p := input.Cursor{Rest: c.props}
	order, mem := int(p.U8()), p.U32()
	if p.Short || order < ppmd.MinOrder || order > ppmd.MaxOrder || mem < ppmd.MinMem {
		return nil, fmt.Errorf("properties of ppmd: %w", level.ErrMalformed)
	}
	if int64(mem) > z.limits.Dictionary {
		return nil, fmt.Errorf("model of %d bytes: %w", mem, level.ErrLimit)
	}
	// A folder can hold two of these coders; the second must not share.
	model := z.model
	z.model = nil
	if model == nil || model.Mem() != mem {
		if err := z.windows.Take(int64(mem)); err != nil {
			return nil, err
		}
		model = ppmd.NewH(mem)
	}
	z.models = append(z.models, model)
	return ppmd.NewReader7z(bufio.NewReaderSize(in, 4<<10), model, order, size), nil
}
