package image

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

var errPacked = fmt.Errorf("a packed block: %w", level.ErrMalformed)

// lz4MinMatch is the length of the shortest match (LZ4 Block Format 1.5.1).
const lz4MinMatch = 4

// unpackLZ4 decodes a bare block of LZ4. Its length is not known: zeros fill it up to
// the next, so it ends where most bytes are decoded.
func unpackLZ4(dst, packed []byte, most int64) ([]byte, error) {
	base := len(dst)
	for int64(len(dst)-base) < most {
		if len(packed) == 0 {
			return dst, errPacked
		}
		token := packed[0]
		n, rest, ok := lz4Length(int(token>>4), packed[1:])
		room := int(most) - (len(dst) - base)
		if !ok || n > len(rest) {
			return append(dst, rest[:min(len(rest), room)]...), errPacked
		}
		dst, packed = append(dst, rest[:min(n, room)]...), rest[n:]
		if n >= room {
			break
		}
		if len(packed) < 2 {
			return dst, errPacked
		}
		back := int(packed[0]) | int(packed[1])<<8
		n, packed, ok = lz4Length(int(token&15), packed[2:])
		if !ok || back == 0 || back > len(dst)-base {
			return dst, errPacked
		}
		for n = min(n+lz4MinMatch, room); n > 0 && int64(len(dst)-base) < most; n-- {
			dst = append(dst, dst[len(dst)-back])
		}
	}
	return dst, nil
}

// lz4Length reads what a length of 15 goes on with.
func lz4Length(n int, in []byte) (length int, rest []byte, ok bool) {
	if n < 15 {
		return n, in, true
	}
	for i, b := range in {
		n += int(b)
		if b != 0xff {
			return n, in[i+1:], true
		}
	}
	return n, nil, false
}
