package lzfse

import "io"

// byte takes one of the block's packed bytes.
func (r *Reader) byte() (int, error) {
	if r.left--; r.left < 0 {
		return 0, ErrData
	}
	c, err := r.in.ReadByte()
	return int(c), noEOF(err)
}

// code reads the next of LZVN's codes. Its first byte says what follows: D is a bit of
// distance, L of the number of literals, M of the match's length.
//
//	LLMMMDDD DDDDDDDD           DDD is not 6 or 7
//	LLMMM110                    the distance from before
//	LLMMM111 D…(16, little-endian)
//	101LLMMM D…DMM (16, little-endian)
//	1110LLLL, 11100000 LLLLLLLL literals only, in the second form 16 more
//	1111MMMM, 11110000 MMMMMMMM a match only
//	00000110 and seven bytes    the end
func (r *Reader) code() error {
	c, err := r.byte()
	if err != nil {
		return err
	}
	switch {
	case c == 6:
		return r.endCodes()
	case c == 14 || c == 22: // filler
		return nil
	case c>>4 == 7 || c>>4 == 13 || c < 64 && c&7 == 6:
		return ErrData
	case c>>4 == 14:
		return r.long(c, &r.lit)
	case c>>4 == 15:
		return r.long(c, &r.match)
	}
	lit, match := c>>6, c>>3&7
	if c>>5 == 5 {
		lit, match = c>>3&3, c&7<<2
	}
	if err := r.distance(c, &match); err != nil {
		return err
	}
	r.lit, r.match = lit, match+3
	r.left -= int64(lit)
	if r.left < 0 {
		return ErrData
	}
	return nil
}

// long reads a number that stands alone.
func (r *Reader) long(c int, n *int) error {
	*n = c & 15
	if *n == 0 {
		more, err := r.byte()
		if err != nil {
			return err
		}
		*n = more + 16
	}
	if n == &r.lit {
		if r.left -= int64(*n); r.left < 0 {
			return ErrData
		}
	}
	return nil
}

// distance reads what follows a code's first byte.
func (r *Reader) distance(c int, match *int) error {
	if c>>5 != 5 && c&7 == 6 {
		return nil
	}
	low, err := r.byte()
	if err != nil {
		return err
	}
	if c>>5 != 5 && c&7 != 7 {
		r.dist = c&7<<8 | low
		return nil
	}
	high, err := r.byte()
	if err != nil {
		return err
	}
	r.dist = high<<8 | low
	if c>>5 == 5 {
		*match |= r.dist & 3
		r.dist >>= 2
	}
	return nil
}

// endCodes ends a block, or LZVN that has none.
func (r *Reader) endCodes() error {
	for range 7 {
		if _, err := r.byte(); err != nil {
			if r.state == bare {
				break // the end was said
			}
			return err
		}
	}
	if r.state == bare {
		return io.EOF
	}
	r.state = between
	if r.left != 0 || r.total != r.raw {
		return ErrData
	}
	return nil
}
