package clamav

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pattern is a hexadecimal signature.
type pattern struct {
	tokens []token
	fixed  bool // every match has the same length
	plain  bool // bytes only
	byByte bool // "aa[n-m]" stands first: an offset is of what follows that
}

// token is one element of a pattern: a byte under a mask, a gap, or alternatives.
type token struct {
	kind     tokenKind
	value    byte      // of a byte
	mask     byte      // 0xff, 0xf0, 0x0f or 0
	min, max int       // bytes of a gap; max -1 is any number
	alts     [][]token // of bytes
	negated  bool      // none of alts
}

type tokenKind uint8

const (
	aByte tokenKind = iota
	aGap
	alternatives
)

// Faults of patterns.
const (
	badHex      fault = "the pattern is malformed"
	weak        fault = "the pattern has no two fixed bytes in a row"
	boundaries  fault = "(B), (L), (W): boundaries of words and lines"
	negatedAlts fault = "!(…): sequences that are excluded"
)

// maxGap bounds the numbers in gaps, as libyara has them in 32 bits.
const maxGap = 1 << 30

// parsePattern reads a pattern: "aa", "a?", "?a", "??", "*", "{n}", "{-n}",
// "{n-}", "{n-m}", "[n-m]", "(aa|bb)", "!(aa)".
func parsePattern(s string) (*pattern, fault) {
	p := &pattern{fixed: true, plain: true}
	for len(s) > 0 {
		t, n, f := nextToken(s)
		if f != "" {
			return nil, f
		}
		p.byByte = p.byByte || s[0] == '[' && len(p.tokens) == 1
		s = s[n:]
		p.tokens = append(p.tokens, t)
		p.plain = p.plain && t.kind == aByte && t.mask == 0xff
		p.fixed = p.fixed && !t.varies()
	}
	if n := len(p.tokens); n == 0 || p.tokens[0].kind == aGap || p.tokens[n-1].kind == aGap {
		return nil, badHex
	}
	if !p.anchored() {
		return nil, weak
	}
	return p, ""
}

// varies says whether matches of the token differ in length.
func (t *token) varies() bool {
	for _, a := range t.alts {
		if len(a) != len(t.alts[0]) {
			return true
		}
	}
	return t.min != t.max
}

// anchored says whether two fixed bytes stand side by side: ClamAV refuses other
// patterns, and libyara would look at every byte of every object.
func (p *pattern) anchored() bool {
	run := 0
	for _, t := range p.tokens {
		if run++; t.kind != aByte || t.mask != 0xff {
			run = 0
		}
		if run == 2 {
			return true
		}
	}
	return false
}

// widens says whether wide can be applied: there are only bytes and alternatives.
func (p *pattern) widens() bool {
	return !slices.ContainsFunc(p.tokens, func(t token) bool { return t.kind == aGap || t.negated })
}

// wide returns the pattern with a NUL behind each byte.
func (p *pattern) wide() *pattern {
	out := *p
	out.tokens = nil
	nul := token{mask: 0xff}
	for _, t := range p.tokens {
		if t.kind == aByte {
			out.tokens = append(out.tokens, t, nul)
			continue
		}
		alts := make([][]token, len(t.alts))
		for i, alt := range t.alts {
			for _, b := range alt {
				alts[i] = append(alts[i], b, nul)
			}
		}
		t.alts = alts
		out.tokens = append(out.tokens, t)
	}
	return &out
}

// nextToken reads the token that s begins with, and its length.
func nextToken(s string) (t token, n int, f fault) {
	switch s[0] {
	case '*':
		return token{kind: aGap, max: -1}, 1, ""
	case '{':
		return gap(s, '}')
	case '[':
		return gap(s, ']')
	case '(', '!':
		return alternation(s)
	}
	if len(s) < 2 {
		return t, 0, badHex
	}
	high, ok1 := nibble(s[0])
	low, ok2 := nibble(s[1])
	if !ok1 || !ok2 {
		return t, 0, badHex
	}
	t.value, t.mask = high.value<<4|low.value, high.mask<<4|low.mask
	return t, 2, ""
}

// half is a digit, or "?" with no mask.
type half struct{ value, mask byte }

func nibble(c byte) (half, bool) {
	if c == '?' {
		return half{}, true
	}
	v, err := strconv.ParseUint(string(rune(c)), 16, 4)
	return half{byte(v), 0xf}, err == nil
}

// gap reads "{n}", "{-n}", "{n-}", "{n-m}" or "[n-m]".
func gap(s string, end byte) (t token, n int, f fault) {
	n = strings.IndexByte(s, end)
	if n < 0 {
		return t, 0, badHex
	}
	t = token{kind: aGap}
	from, to, isRange := strings.Cut(s[1:n], "-")
	var err, err2 error
	if from != "" || !isRange {
		t.min, err = strconv.Atoi(from)
	}
	switch {
	case !isRange:
		t.max = t.min
	case to == "":
		t.max = -1
	default:
		t.max, err2 = strconv.Atoi(to)
	}
	if err != nil || err2 != nil || t.max == 0 || t.min > maxGap || t.max > maxGap || t.max >= 0 && t.max < t.min {
		return t, 0, badHex
	}
	return t, n + 1, ""
}

// alternation reads "(aa|bb)" or "!(aa)".
func alternation(s string) (t token, n int, f fault) {
	t = token{kind: alternatives, negated: s[0] == '!'}
	inner := strings.TrimPrefix(s, "!")
	end := strings.IndexByte(inner, ')')
	if end < 0 || inner[0] != '(' {
		return t, 0, badHex
	}
	n = len(s) - len(inner) + end + 1
	switch inner = inner[1:end]; inner {
	case "B", "L", "W":
		return t, 0, boundaries
	}
	for _, text := range strings.Split(inner, "|") {
		var alt []token
		for len(text) > 0 {
			b, k, f := nextToken(text)
			if f != "" || b.kind != aByte {
				return t, 0, badHex
			}
			alt = append(alt, b)
			text = text[k:]
		}
		if len(alt) == 0 {
			return t, 0, badHex
		}
		t.alts = append(t.alts, alt)
	}
	if t.negated && slices.ContainsFunc(t.alts, func(a []token) bool { return len(a) > 1 || a[0].mask == 0 }) {
		return t, 0, negatedAlts
	}
	return t, n, ""
}

// yara writes the pattern as a hex string of YARA. Where nocase is set, letters
// stand for both cases.
func (p *pattern) yara(nocase bool) string {
	var b strings.Builder
	b.WriteString("{ ")
	for _, t := range p.tokens {
		t.write(&b, nocase)
	}
	b.WriteByte('}')
	return b.String()
}

func (t *token) write(b *strings.Builder, nocase bool) {
	switch t.kind {
	case aGap:
		switch {
		case t.max < 0:
			fmt.Fprintf(b, "[%d-] ", t.min)
		case t.max > 0:
			fmt.Fprintf(b, "[%d-%d] ", t.min, t.max)
		}
		return
	case aByte:
		t.writeByte(b, nocase)
		return
	}
	if t.negated {
		t.writeOthers(b, nocase)
		return
	}
	b.WriteString("( ")
	for i, alt := range t.alts {
		if i > 0 {
			b.WriteString("| ")
		}
		for _, a := range alt {
			a.write(b, nocase)
		}
	}
	b.WriteString(") ")
}

// writeOthers writes all bytes but those of the alternatives: sixteen at a time
// where none of these is excluded. Not all libyara in use knows "~".
func (t *token) writeOthers(b *strings.Builder, nocase bool) {
	excluded := func(c byte) bool {
		return slices.ContainsFunc(t.alts, func(alt []token) bool {
			a := alt[0]
			return a.value == c&a.mask || nocase && a.mask == 0xff && isLetter(a.value) && a.value|0x20 == c|0x20
		})
	}
	sep := "( "
	for high := range 16 {
		var left []byte
		for low := range 16 {
			if c := byte(high<<4 | low); !excluded(c) {
				left = append(left, c)
			}
		}
		if len(left) == 16 {
			fmt.Fprintf(b, "%s%X? ", sep, high)
			sep = "| "
			continue
		}
		for _, c := range left {
			fmt.Fprintf(b, "%s%02X ", sep, c)
			sep = "| "
		}
	}
	b.WriteString(") ")
}

func (t *token) writeByte(b *strings.Builder, nocase bool) {
	if nocase && t.mask == 0xff && isLetter(t.value) {
		fmt.Fprintf(b, "( %02X | %02X ) ", t.value|0x20, t.value&^0x20)
		return
	}
	for shift := 4; shift >= 0; shift -= 4 {
		if t.mask>>shift&0xf == 0 {
			b.WriteByte('?')
		} else {
			fmt.Fprintf(b, "%X", t.value>>shift&0xf)
		}
	}
	b.WriteByte(' ')
}

func isLetter(c byte) bool { return 'A' <= c&^0x20 && c&^0x20 <= 'Z' }

// text writes a plain pattern as a text string of YARA.
func (p *pattern) text() string {
	var b strings.Builder
	b.WriteByte('"')
	for _, t := range p.tokens {
		fmt.Fprintf(&b, `\x%02x`, t.value)
	}
	b.WriteByte('"')
	return b.String()
}
