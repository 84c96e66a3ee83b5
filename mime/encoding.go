package mime

import (
	"slices"
	"strings"
)

// encodings that are known, as they stand in Entity.Encoding.
var encodings = map[string]string{
	"7bit": "7bit", "8bit": "8bit", "binary": "binary",
	"base64": "base64", "quoted-printable": "quoted-printable",
	"x-uuencode": "x-uuencode", "uuencode": "x-uuencode", "x-uue": "x-uuencode", "uue": "x-uuencode",
	"x-xxencode": "x-xxencode", "xxencode": "x-xxencode", "x-xx": "x-xxencode", "x-xxe": "x-xxencode",
	"x-yencode": "x-yencode", "yencode": "x-yencode", "x-yenc": "x-yencode", "yenc": "x-yencode",
	"mac-binhex40": "mac-binhex40", "x-mac-binhex40": "mac-binhex40", "binhex": "mac-binhex40", "x-binhex": "mac-binhex40",
	"binhex40": "mac-binhex40", "x-binhex40": "mac-binhex40",
	"x-gzip64": "x-gzip64", "gzip64": "x-gzip64",
}

// identity reports whether a transfer encoding leaves the bytes as they are.
func identity(enc string) bool {
	switch enc {
	case "base64", "quoted-printable", "x-uuencode", "x-xxencode", "x-yencode", "mac-binhex40", "x-gzip64":
		return false
	}
	return true
}

// standard reports whether RFC 2045 section 6.1 has the encoding.
func standard(enc string) bool {
	return enc == "base64" || enc == "quoted-printable" || identity(enc)
}

// encodingLabel is what an encoding is called in a reading.
func encodingLabel(enc string) string {
	if _, ok := encodings[enc]; ok {
		return enc
	}
	return "unknown"
}

// encodingReadings lists the transfer encodings that the fields name, each
// decoding once, in order.
//
// QUIRK: RFC 2045 section 6.1 has one field with one token. Thunderbird, Outlook
// and Apple Mail take the first field and mutt the last; Thunderbird and mutt
// take the first of several tokens, Outlook and Apple Mail none of them.
func encodingReadings(e *Entity, fields []string) []string {
	var all []string
	add := func(enc string) {
		if !slices.ContainsFunc(all, func(a string) bool { return a == enc || identity(a) && identity(enc) }) {
			all = append(all, enc)
		}
	}
	var odd []string
	for _, f := range fields {
		value := lower(strings.Trim(f, " \t"))
		if enc, ok := encodings[value]; ok {
			add(enc)
			if !standard(enc) {
				// QUIRK: no RFC. Thunderbird and Outlook decode uuencode, to others
				// it is an encoding that they do not know.
				odd = append(odd, "7bit")
			}
			continue
		}
		tokens := encodingTokens(value)
		for _, enc := range tokens {
			add(enc)
		}
		switch {
		case len(tokens) > 0:
			e.note(AnomalyOddEncoding)
			odd = append(odd, "7bit") // to a client that makes nothing of the value
		case value != "":
			e.note(AnomalyUnknownEncoding)
			odd = append(odd, value[:min(len(value), maxEncoding)])
		}
	}
	if len(all) > 1 {
		e.note(AnomalyDuplicateEncoding)
	}
	if len(odd) > 0 && len(all) == 0 {
		return guessEncodings(odd[0])
	}
	for _, enc := range odd {
		add(enc)
	}
	if len(all) == 0 {
		return []string{"7bit"}
	}
	return all
}

// encodingTokens lists the known encodings whose names stand in a value, or come
// out if what does not belong there is removed or decoded.
func encodingTokens(value string) (all []string) {
	look := func(s string) {
		for _, token := range strings.FieldsFunc(s, notInToken) {
			if enc, ok := encodings[token]; ok && !slices.Contains(all, enc) {
				all = append(all, enc)
			}
		}
	}
	look(value)
	for _, s := range bentValues(value) {
		look(lower(s))
	}
	if len(all) == 0 {
		look(strings.Map(func(c rune) rune {
			if c <= ' ' {
				return -1
			}
			return c
		}, value))
	}
	return all
}

// bentValues lists what readers make of a field's value that resolve what has no
// meaning in it: comments, encoded-words, percent signs, NUL.
func bentValues(v string) (all []string) {
	if !strings.ContainsAny(v, "(%?\x00") {
		return nil
	}
	if strings.IndexByte(v, '(') >= 0 {
		all = append(all, withoutComments(v))
	}
	if strings.Contains(v, "=?") {
		all = append(all, decodeWords(new(Entity), v))
	}
	if strings.IndexByte(v, '%') >= 0 {
		all = append(all, string(appendPercent(nil, v)))
	}
	if strings.IndexByte(v, 0) >= 0 {
		all = append(all, strings.ReplaceAll(v, "\x00", ""))
	}
	return all
}

// guessEncodings lists the ways to take a body in an encoding that nobody knows:
// as it stands, and in all that exist, those first that the name resembles.
//
// QUIRK: RFC 2045 section 6.4 says to leave such a body alone; clients that
// compare the beginning of the name, or look at the body, decode it.
func guessEncodings(name string) []string {
	n := lower(name)
	switch {
	case strings.Contains(n, "uu"):
		return []string{name, "x-uuencode", "base64", "quoted-printable"}
	case strings.Contains(n, "q"):
		return []string{name, "quoted-printable", "base64", "x-uuencode"}
	}
	return []string{name, "base64", "quoted-printable", "x-uuencode"}
}

// notInToken reports whether c can't stand in the name of a transfer encoding.
func notInToken(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
}
