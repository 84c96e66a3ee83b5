package html

import (
	"bytes"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// How texts with embedded data are found and opened: pages, calendars and what else shows
// by its words that it may hold some; and other texts, by what they hold in base64.
var (
	Format = &level.Format{Name: "html", Detect: isPage, Open: open}
	Base64 = &level.Format{Name: "base64", Detect: func(p *level.Probe) bool { return isOther(p) && !isPage(p) }, Open: open}
)

// textBytes decide whether a file is a text, and of what kind.
const textBytes = 1 << 10

// textStart returns the beginning of a file that is a text, nil of another.
func textStart(p *level.Probe) []byte {
	first := p.Head[:min(len(p.Head), textBytes)]
	if !isText(first) {
		return nil
	}
	return first
}

// isPage reports whether a text begins like markup, or has words that embedded data follow
// in as much of it as Detect reads.
func isPage(p *level.Probe) bool {
	first := textStart(p)
	if len(first) == 0 {
		return false
	}
	start := skipBlank(first)
	return len(start) > 1 && start[0] == '<' && isMarkup(start[1]) || foldPrefix(start, "begin:v") || mayHold(p.Head) ||
		int64(len(p.Head)) < p.Size && hasFold(p.Tail, ':', "data", false)
}

// isOther reports whether a text holds base64, or whether there is more of it than Detect
// reads.
func isOther(p *level.Probe) bool {
	first := textStart(p)
	return len(first) > 0 && (int64(len(p.Head)) < p.Size || isBase64(first, p.Size) || hasLiteral(p.Head))
}

// mayHold looks for the words that embedded data follow.
func mayHold(b []byte) bool {
	return hasFold(b, '<', "script", true) || hasFold(b, ':', "data", false) || bytes.Contains(b, []byte("atob(")) ||
		bytes.Contains(b, scriptMark)
}

// skipBlank cuts off a byte order mark and white space.
func skipBlank(b []byte) []byte { return bytes.TrimLeft(b, "\xef\xbb\xbf \t\r\n\f") }

// isText reports whether b is without the control characters that texts do not
// have, and no PDF file, which may begin like one.
func isText(b []byte) bool {
	for _, c := range b {
		if c < '\t' || c > '\r' && c < ' ' && c != 0x1b && c != 0x1a {
			return false
		}
	}
	return !bytes.HasPrefix(b, []byte("%PDF"))
}

// isMarkup reports whether c can follow the "<" of a tag, comment or instruction.
func isMarkup(c byte) bool {
	return c == '!' || c == '?' || c == '/' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// hasFold reports whether a word stands right behind or before a certain byte.
func hasFold(b []byte, c byte, word string, behind bool) bool {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], c)
		if i < 0 {
			return false
		}
		i += from
		from = i + 1
		if behind && foldPrefix(b[from:], word) || !behind && i >= len(word) && foldPrefix(b[i-len(word):], word) {
			return true
		}
	}
}

func foldPrefix(b []byte, word string) bool {
	return len(b) >= len(word) && bytes.EqualFold(b[:len(word)], []byte(word))
}
