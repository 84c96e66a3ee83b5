package text

// HexDigit is the value of a hexadecimal digit, -1 for what is none.
func HexDigit(c int) int {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

// IsDigit says whether c is a decimal digit.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }
