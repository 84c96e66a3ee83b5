package unix

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// tarNumber reads a field in octal or, with the top bit set, in base 256. Octal
// may be preceded by spaces and ends at the first byte that is no digit.
func tarNumber(f []byte) (int64, bool) {
	if f[0]&0x80 != 0 {
		n := int64(f[0] & 0x3f)
		if f[0]&0x40 != 0 {
			return 0, false // negative
		}
		for _, c := range f[1:] {
			if n >= 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	f = bytes.TrimLeft(f, " \x00")
	n, digits := int64(0), 0
	for _, c := range f {
		if c < '0' || c > '7' {
			return n, digits > 0 && (c == 0 || c == ' ')
		}
		n = n<<3 | int64(c-'0')
		digits++
	}
	return n, true
}

// oddTarNumbers are the other readings of a size that is no plain number:
//
// QUIRK: Python reads it as its int() does in base 8, with a sign, "0o" and
// underscores; Perl's oct() knows "0x" and "0b"; GNU tar still reads base 64 behind
// a sign, which its test versions wrote; a NUL before the digits makes it 0 to
// whoever reads a C string.
func oddTarNumbers(f []byte) (sizes []int64) {
	add := func(n int64, ok bool) {
		if ok && n >= 0 && !slices.Contains(sizes, n) {
			sizes = append(sizes, n)
		}
	}
	if f[0]&0x80 != 0 {
		return nil
	}
	if f[0] == 0 && !allZero(f) {
		add(0, true)
	}
	text := string(bytes.Trim(cString(bytes.TrimLeft(f, "\x00")), " \t\r\n\v\f"))
	if strings.Trim(text, "01234567") == "" {
		return sizes
	}
	plain := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", ""))
	for prefix, base := range map[string]int{"0o": 8, "0x": 16, "x": 16, "0b": 2, "b": 2, "": 8} {
		if digits, ok := strings.CutPrefix(plain, prefix); ok {
			n, err := strconv.ParseInt(digits, base, 64)
			add(n, err == nil)
		}
	}
	if text[0] == '+' {
		add(base64Number(text[1:]))
	}
	slices.Sort(sizes)
	return sizes
}

// base64Number reads digits of base 64 up to what is none.
func base64Number(s string) (n int64, ok bool) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		if d < 0 || n >= 1<<56 {
			return n, i > 0
		}
		n = n<<6 | int64(d)
	}
	return n, s != ""
}
