package yara

import (
	"fmt"
	"strings"
)

// token is one word, literal or mark of the rule language.
type token struct {
	kind  tokenKind
	start int    // offset in the text
	text  string // as it stands there; for tokenFault what is wrong
}

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // identifier or keyword
	tokenText             // "text string", with its quotes
	tokenRegexp           // /regular expression/
	tokenMark             // anything else: number, string identifier, operator, hex string
	tokenFault            // a literal or comment that does not end
)

// begins says whether the token begins a statement: the words are reserved.
func (t token) begins() bool {
	if t.kind != tokenWord {
		return false
	}
	switch t.text {
	case "rule", "private", "global", "import", "include":
		return true
	}
	return false
}

// unterminatedComment is a fault that libyara passes over at the end of a text:
// the rules in the comment would be lost unseen.
const unterminatedComment = "unterminated comment"

// unexpected says in libyara's words what is wrong with finding t.
func unexpected(t token) string {
	const most = 40
	switch {
	case t.kind == tokenFault:
		return t.text
	case t.kind == tokenEnd:
		return "syntax error, unexpected end of file"
	case len(t.text) > most:
		return fmt.Sprintf("syntax error, unexpected %q…", t.text[:most])
	}
	return fmt.Sprintf("syntax error, unexpected %q", t.text)
}

// lexer reads tokens. A "/" always begins a comment or a regular expression:
// the language divides with "\".
type lexer struct {
	text string
	at   int
	hex  bool // a "{" begins a hex string, not a block: it follows a "="
}

func (l *lexer) next() token {
	if t, ok := l.blank(); !ok {
		return t
	}
	start := l.at
	if start == len(l.text) {
		return token{kind: tokenEnd, start: start}
	}
	switch c := l.text[start]; {
	case c == '"':
		return l.literal(tokenText, '"', "unterminated string")
	case c == '/':
		return l.literal(tokenRegexp, '/', "unterminated regular expression")
	case c == '{' && l.hex:
		return l.hexString()
	case wordByte(c):
		l.word()
		if c >= '0' && c <= '9' {
			return l.token(tokenMark, start)
		}
		return l.token(tokenWord, start)
	case strings.IndexByte("$#@!", c) >= 0:
		l.at++
		l.word()
		return l.token(tokenMark, start)
	case c == '=' && strings.HasPrefix(l.text[start:], "=="):
		l.at += 2
		return l.token(tokenMark, start)
	}
	l.at++
	return l.token(tokenMark, start)
}

func (l *lexer) token(k tokenKind, start int) token {
	return token{kind: k, start: start, text: l.text[start:l.at]}
}

// fault ends the reading: the caller finds a place to go on from.
func (l *lexer) fault(start int, text string) token {
	l.at = len(l.text)
	return token{kind: tokenFault, start: start, text: text}
}

// blank skips white space and comments; false with a fault for a comment that
// does not end.
func (l *lexer) blank() (token, bool) {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "//"):
			l.at += lineBytes(rest)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return l.fault(l.at, unterminatedComment), false
			}
			l.at += 2 + n + 2
		default:
			return token{}, true
		}
	}
	return token{}, true
}

// lineBytes returns how many bytes s has before its first line feed.
func lineBytes(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

// literal reads a text string or a regular expression: one line, with "\" before
// a byte that does not end it.
func (l *lexer) literal(k tokenKind, end byte, fault string) token {
	start := l.at
	for i := start + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
			if i < len(l.text) && l.text[i] == '\n' {
				return l.fault(start, fault)
			}
		case '\n':
			return l.fault(start, fault)
		case end:
			l.at = i + 1
			return l.token(k, start)
		}
	}
	return l.fault(start, fault)
}

// hexString reads { … }, in which there may be comments.
func (l *lexer) hexString() token {
	start := l.at
	l.at++
	for {
		if t, ok := l.blank(); !ok {
			return t
		}
		if l.at == len(l.text) {
			return l.fault(start, "unterminated hex string")
		}
		l.at++
		if l.text[l.at-1] == '}' {
			return l.token(tokenMark, start)
		}
	}
}

func (l *lexer) word() {
	for l.at < len(l.text) && wordByte(l.text[l.at]) {
		l.at++
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
