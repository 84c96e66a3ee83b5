package input

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Guarded reads from a decoder that is not ours: its panic is an error of the
// input, and a reader that makes no progress is stopped.
type Guarded struct {
	R   io.Reader
	err error // sticky
}

// maxIdle is how many reads in a row may give nothing.
const maxIdle = 1000

func (g *Guarded) Read(p []byte) (n int, err error) {
	if g.err != nil || len(p) == 0 {
		return 0, g.err
	}
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("decoder failed on the data: %w", level.ErrMalformed)
		}
		g.err = err
	}()
	for range maxIdle {
		n, err = g.R.Read(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// Windows accounts for the memory that decoders are handed and must clear. An
// archive of many members, each with a large window and no content, would cost
// time without a byte of output; what comes out pays for what goes in.
type Windows struct{ used int64 }

// windowCredit is how much may be handed out beyond what was decoded, in bytes.
const windowCredit = 8 << 30

// Take hands out n bytes, or fails.
func (w *Windows) Take(n int64) error {
	if n < 0 || w.used+n > windowCredit {
		return fmt.Errorf("memory of decoders: %w", level.ErrLimit)
	}
	w.used += n
	return nil
}

// Pay gives credit for n decoded bytes.
func (w *Windows) Pay(n int) { w.used = max(0, w.used-int64(n)) }

// MaxDrain is how many bytes of a solid block are decoded only to reach the
// members behind them, in bytes of one container.
const MaxDrain = 64 << 20

// ErrDrained says that a member lies behind too much that was not read.
func ErrDrained() error {
	return fmt.Errorf("lies behind more than %d unread bytes of a solid block: %w", MaxDrain, level.ErrLimit)
}

// ReadUpTo reads at most max bytes.
func ReadUpTo(r io.Reader, max int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, max+1))
	if int64(len(b)) > max {
		return b[:max], fmt.Errorf("%w: %w", level.ErrLimit, saferead.ErrTooLong)
	}
	return b, err
}
