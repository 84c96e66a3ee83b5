package html

import "bytes"

// isBase64 reports whether a text that begins with b and has size bytes is base64 and
// nothing else, as it stands in a file that a program wrote: lines of one length, a
// multiple of four (RFC 4648, RFC 2045 section 6.8), or a single one. Digests are such
// lines too, and are hexadecimal.
func isBase64(b []byte, size int64) bool {
	all := int64(len(b)) == size
	b = skipBlank(b)
	length, total := 0, 0
	var upper, lower, digit, beyond bool
	for len(b) > 0 {
		end := bytes.IndexAny(b, "\r\n")
		last := end < 0
		if last {
			end = len(b)
		}
		line := b[:end]
		b = bytes.TrimLeft(b[end:], "\r\n")
		last = last || len(b) == 0
		if last && all {
			line = bytes.TrimRight(line, "= \t")
		}
		for _, c := range line {
			upper = upper || c >= 'A' && c <= 'Z'
			lower = lower || c >= 'a' && c <= 'z'
			digit = digit || c >= '0' && c <= '9'
			beyond = beyond || c > 'F' && c <= 'Z' || c > 'f' && c <= 'z'
			if !isAlpha(c) {
				return false
			}
		}
		total += len(line)
		switch {
		case length == 0:
			length = len(line)
			if !last && length%4 != 0 {
				return false
			}
		case last && len(line) <= length:
		case len(line) != length:
			return false
		}
	}
	return total >= uriLiteral && upper && lower && digit && beyond
}
