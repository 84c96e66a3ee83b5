package input

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// CopyMatch repeats length bytes from offset before n, and returns the new n.
func CopyMatch(out []byte, n, offset, length int) (int, error) {
	if offset <= 0 || offset > n {
		return n, fmt.Errorf("match before the start: %w", level.ErrMalformed)
	}
	end := min(n+length, len(out))
	for n < end {
		n += copy(out[n:end], out[n-offset:n])
	}
	return n, nil
}
