package html

import (
	"github.com/fivefifty/fivefifty/archive/internal/magic"
)

// hasLiteral looks for a run of base64 that decodes to the beginning of something known.
func hasLiteral(b []byte) bool {
	w := walker{win: b, eof: true}
	for w.pos < len(b) {
		at := w.nextRun(len(b))
		if at == len(b) {
			return false
		}
		if _, ok := w.literal(at); ok {
			return true
		}
		w.pos, w.inside = at+1, true
	}
	return false
}

// literal looks at a run of base64 that begins at a byte of the window: whether
// there is enough of it, and whether it decodes to something worth hiding.
func (w *walker) literal(at int) (hit found, ok bool) {
	b := w.win[at:min(len(w.win), at+uriHead)]
	if len(b) < uriLiteral || !magicStart[b[0]] {
		return hit, false
	}
	var head [12]byte
	if decodeQuantums(head[:], b) < len(head) || !magic.Known(head[:]) {
		return hit, false
	}
	hit = found{kind: literal, at: w.base + int64(at), base64: true, ext: ".bin"}
	if at > 0 {
		hit.first = w.win[at-1]
		if isQuote(hit.first) {
			hit.quote = hit.first
		}
	}
	return hit, true
}

// decodeQuantums decodes whole groups of four characters without gaps.
func decodeQuantums(out, b []byte) (n int) {
	for len(b) >= 4 && n+3 <= len(out) {
		var v uint32
		for _, c := range b[:4] {
			d := base64Digit[c]
			if d < 0 {
				return n
			}
			v = v<<6 | uint32(d)
		}
		out[n], out[n+1], out[n+2] = byte(v>>16), byte(v>>8), byte(v)
		n, b = n+3, b[4:]
	}
	return n
}

// base64Digit holds the values of the alphabet, -1 for other bytes; also of the one
// for URLs.
var base64Digit = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = int8(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// magicStart are the first characters of what magic.Known knows, in base64.
var magicStart = func() (t [256]bool) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for _, m := range magic.All {
		t[alphabet[m[0]>>2]] = true
	}
	return t
}()
