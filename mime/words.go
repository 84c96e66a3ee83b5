package mime

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decodeWords decodes the encoded-words of RFC 2047 in s, and raw 8-bit text.
//
// QUIRK: RFC 2047 section 5 forbids encoded-words in quoted strings and
// parameters; Outlook and most webmailers write names so, and clients read them.
// Words of one charset are joined before they are decoded, since senders split
// characters between them.
func decodeWords(e *Entity, s string) string {
	if !strings.Contains(s, "=?") {
		return decodeRaw(e, []byte(s))
	}
	var out strings.Builder
	var pending []byte // decoded bytes in charset
	charset := ""
	flush := func() {
		if len(pending) > 0 {
			out.WriteString(decodeCharset(charset, pending))
			pending = pending[:0]
		}
	}
	afterWord := false
	for len(s) > 0 {
		if !strings.Contains(s, "?=") {
			break // no word ends any more: without this each start would be searched to the end
		}
		cs, text, size := encodedWord(s)
		if size == 0 {
			next := strings.Index(s[1:], "=?") + 1
			if next == 0 {
				next = len(s)
			}
			plain := s[:next]
			s = s[next:]
			if afterWord && len(s) > 0 && strings.Trim(plain, " \t\r\n") == "" {
				if _, _, size := encodedWord(s); size > 0 {
					continue // blanks between two words are not part of the text
				}
			}
			flush()
			out.WriteString(decodeRaw(e, []byte(plain)))
			afterWord = false
			continue
		}
		if !equalFold(cs, charset) {
			flush()
			charset = cs
		}
		pending = append(pending, text...)
		afterWord = true
		s = s[size:]
	}
	flush()
	out.WriteString(decodeRaw(e, []byte(s)))
	return out.String()
}

// maxCharset bounds a charset with its language, in bytes.
const maxCharset = 64

// encodedWord reads the encoded-word that s starts with; size 0 is none.
func encodedWord(s string) (charset string, text []byte, size int) {
	rest, ok := strings.CutPrefix(s, "=?")
	if !ok {
		return "", nil, 0
	}
	n := strings.IndexByte(rest[:min(len(rest), maxCharset)], '?')
	if n < 0 {
		return "", nil, 0
	}
	charset, rest = rest[:n], rest[n+1:]
	if strings.ContainsAny(charset, " \t=") || len(rest) < 2 || rest[1] != '?' {
		return "", nil, 0
	}
	kind := rest[0]
	payload, after, ok := strings.Cut(rest[2:], "?=")
	if !ok {
		return "", nil, 0
	}
	// An "=" of Q may stand before the closing "?=": "=?x?Q?a=3D?=" is cut right,
	// as "?=" is looked for, not "=".
	charset, _, _ = strings.Cut(charset, "*") // RFC 2231 section 5: a language
	switch kind {
	case 'B', 'b':
		text = wordBase64(payload)
	case 'Q', 'q':
		text = wordQ(payload)
	default:
		return "", nil, 0
	}
	return charset, text, len(s) - len(after)
}

func wordBase64(s string) []byte {
	var e Entity
	d := base64Decoder{e: &e}
	var out []byte
	var q [3]byte
	for i := range len(s) {
		out = append(out, q[:d.slow(q[:], s[i])]...)
	}
	return append(out, q[:d.flush(q[:])]...)
}

func wordQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && hexValue[s[i+1]]|hexValue[s[i+2]] < 16:
			out = append(out, hexValue[s[i+1]]<<4|hexValue[s[i+2]])
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeCharset turns b into valid UTF-8. An unknown charset is taken for UTF-8
// if b is that, else for windows-1252.
func decodeCharset(charset string, b []byte) string {
	if charset != "" && !equalFold(charset, "utf-8") && !equalFold(charset, "us-ascii") {
		if enc := charsetByName(charset); enc != nil {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				return strings.ToValidUTF8(string(out), "\ufffd")
			}
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return strings.ToValidUTF8(string(out), "\ufffd")
}
