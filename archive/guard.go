package archive

import (
	"fmt"
	"io"
)

// guarded reads from a decoder that is not ours: its panic is an error of the
// input, and a reader that makes no progress is stopped.
type guarded struct {
	r   io.Reader
	err error // sticky
}

// maxIdle is how many reads in a row may give nothing.
const maxIdle = 1000

func (g *guarded) Read(p []byte) (n int, err error) {
	if g.err != nil || len(p) == 0 {
		return 0, g.err
	}
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("decoder failed on the data: %w", ErrMalformed)
		}
		g.err = err
	}()
	for range maxIdle {
		n, err = g.r.Read(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// windows accounts for the memory that decoders are handed and must clear. An
// archive of many members, each with a large window and no content, would cost
// time without a byte of output; what comes out pays for what goes in.
type windows struct{ used int64 }

// windowCredit is how much may be handed out beyond what was decoded, in bytes.
const windowCredit = 8 << 30

// take hands out n bytes, or fails.
func (w *windows) take(n int64) error {
	if n < 0 || w.used+n > windowCredit {
		return fmt.Errorf("memory of decoders: %w", ErrLimit)
	}
	w.used += n
	return nil
}

// pay gives credit for n decoded bytes.
func (w *windows) pay(n int) { w.used = max(0, w.used-int64(n)) }

// maxDrain is how many bytes of a solid block are decoded only to reach the
// members behind them, in bytes of one container.
const maxDrain = 64 << 20

// errDrained says that a member lies behind too much that was not read.
func errDrained() error {
	return fmt.Errorf("lies behind more than %d unread bytes of a solid block: %w", maxDrain, ErrLimit)
}
