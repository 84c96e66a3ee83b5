package pdf

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// pdfDoc is where PDFDocEncoding differs from ISO 8859-1 (ISO 32000-1 annex D.3).
var pdfDoc = map[byte]rune{
	0x18: '˘', 0x19: 'ˇ', 0x1a: 'ˆ', 0x1b: '˙', 0x1c: '˝', 0x1d: '˛', 0x1e: '˚', 0x1f: '˜',
	0x80: '•', 0x81: '†', 0x82: '‡', 0x83: '…', 0x84: '—', 0x85: '–', 0x86: 'ƒ', 0x87: '⁄',
	0x88: '‹', 0x89: '›', 0x8a: '−', 0x8b: '‰', 0x8c: '„', 0x8d: '“', 0x8e: '”', 0x8f: '‘',
	0x90: '’', 0x91: '‚', 0x92: '™', 0x93: 'ﬁ', 0x94: 'ﬂ', 0x95: 'Ł', 0x96: 'Œ', 0x97: 'Š',
	0x98: 'Ÿ', 0x99: 'Ž', 0x9a: 'ı', 0x9b: 'ł', 0x9c: 'œ', 0x9d: 'š', 0x9e: 'ž', 0xa0: '€',
}

// textString decodes a text string (section 7.9.2.2) to UTF-8.
func textString(s []byte) []byte {
	switch {
	case bytes.HasPrefix(s, []byte("\xfe\xff")):
		return pdfUTF16(s[2:], 1, 0)
	case bytes.HasPrefix(s, []byte("\xff\xfe")): // QUIRK: only big endian is defined; readers take both
		return pdfUTF16(s[2:], 0, 1)
	case bytes.HasPrefix(s, []byte("\xef\xbb\xbf")): // PDF 2.0
		return bytes.ToValidUTF8(s[3:], []byte("\uFFFD"))
	}
	out := make([]byte, 0, len(s)+len(s)/8)
	for _, c := range s {
		r, ok := pdfDoc[c]
		if !ok {
			r = rune(c)
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// pdfUTF16 decodes pairs of bytes of which the given ones are low and high.
func pdfUTF16(s []byte, low, high int) []byte {
	out := make([]byte, 0, len(s))
	unit := func(i int) rune { return rune(s[i+high])<<8 | rune(s[i+low]) }
	for i := 0; i+1 < len(s); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) && i+3 < len(s) {
			if pair := utf16.DecodeRune(r, unit(i+2)); pair != utf8.RuneError {
				out = utf8.AppendRune(out, pair)
				i += 2
				continue
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
