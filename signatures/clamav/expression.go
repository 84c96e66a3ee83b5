package clamav

import (
	"fmt"
	"strconv"
	"strings"
)

// expression is a logical expression, or a part of one, as a condition of YARA.
type expression struct {
	condition string
	sum       string   // number of matches of all its patterns; "" if that is no plain sum
	ids       []string // patterns of sum
	placed    bool     // one of them has a place
	vague     bool     // matches of one of them cannot be counted
}

// Faults of expressions.
const (
	badExpression fault = "the logical expression is malformed"
	mixed         fault = "& and | side by side without parentheses"
	nestedCounts  fault = "counts of an expression in an expression"
	countsAtPlace fault = "counts of a pattern at a place" // "#a in (x..y)" is an error of libyara 4.2 unless x < y
)

// level is one pair of parentheses that is open.
type level struct {
	op    byte // '&', '|', 0 if none was met
	parts []expression
	open  bool // a part must follow
}

// maxLevels bounds parentheses within each other.
const maxLevels = 64

// parseExpression reads a logical expression over parts, "(0&1)|2>3". It marks the
// parts that it uses.
func parseExpression(s string, parts []part) (e expression, f fault) {
	stack := []level{{open: true}}
	for len(s) > 0 {
		top := &stack[len(stack)-1]
		c := s[0]
		switch {
		case c == '(' && top.open && len(stack) < maxLevels:
			stack = append(stack, level{open: true})
			s = s[1:]
			continue
		case c == ')' && len(stack) > 1 && !top.open:
			m, rest, f := modifier(s[1:])
			if f != "" {
				return e, f
			}
			if e, f = top.close(m); f != "" {
				return e, f
			}
			s, stack = rest, stack[:len(stack)-1]
			top = &stack[len(stack)-1]
		case (c == '&' || c == '|') && !top.open:
			if top.op != 0 && top.op != c {
				return e, mixed
			}
			top.op, top.open = c, true
			s = s[1:]
			continue
		case '0' <= c && c <= '9' && top.open:
			if e, s, f = leaf(s, parts); f != "" {
				return e, f
			}
		default:
			return e, badExpression
		}
		top.parts = append(top.parts, e)
		top.open = false
	}
	if len(stack) > 1 || stack[0].open {
		return e, badExpression
	}
	return stack[0].close(count{})
}

// count is what stands behind a pattern or an expression: "=n", "<n", ">n", with
// ",m" for m different patterns at least.
type count struct {
	op       string // of YARA, "" if there is none
	n        uint64
	distinct uint64
}

// modifier reads a count that s may begin with.
func modifier(s string) (m count, rest string, f fault) {
	if s == "" || !strings.Contains("=<>", s[:1]) {
		return m, s, ""
	}
	m.op = s[:1]
	if m.op == "=" {
		m.op = "=="
	}
	if m.n, rest, f = number(s[1:]); f != "" {
		return m, rest, f
	}
	if strings.HasPrefix(rest, ",") {
		m.distinct, rest, f = number(rest[1:])
	}
	return m, rest, f
}

func number(s string) (n uint64, rest string, f fault) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	n, err := strconv.ParseUint(s[:i], 10, 31)
	if err != nil {
		return 0, s, badExpression
	}
	return n, s[i:], ""
}

// leaf reads the number of a pattern, and a count.
func leaf(s string, parts []part) (e expression, rest string, f fault) {
	id, rest, f := number(s)
	if f != "" || id >= uint64(len(parts)) {
		return e, rest, badExpression
	}
	m, rest, f := modifier(rest)
	if f != "" {
		return e, rest, f
	}
	p := &parts[id]
	p.used = true
	sum := "#" + p.id
	switch {
	case m.op == "":
		return expression{condition: p.place.matches(p.id), sum: sum, ids: []string{p.id}, placed: p.place.from != "", vague: !p.fixed}, rest, ""
	case m.distinct > 0:
		return e, rest, badExpression
	case m.none():
		return expression{condition: p.place.lacks(p.id)}, rest, ""
	case m.some():
		return expression{condition: p.place.matches(p.id)}, rest, ""
	case !p.fixed:
		return e, rest, countsOfVague
	case p.place.from != "":
		return e, rest, countsAtPlace
	}
	return expression{condition: fmt.Sprintf("%s %s %d", sum, m.op, m.n)}, rest, ""
}

// none says whether the count asks that there is no match.
func (m *count) none() bool { return m.op == "==" && m.n == 0 || m.op == "<" && m.n == 1 }

// some says whether the count asks for one match or more.
func (m *count) some() bool { return m.op == ">" && m.n == 0 }

// close makes one expression of all that stands between parentheses.
func (l *level) close(m count) (e expression, f fault) {
	if len(l.parts) == 1 && l.op == 0 {
		e = l.parts[0]
		if m.op != "" {
			return e, nestedCounts
		}
		return e, ""
	}
	word := " and "
	if l.op == '|' {
		word = " or "
	}
	conds, sums := make([]string, len(l.parts)), make([]string, len(l.parts))
	summable := true
	for i, p := range l.parts {
		conds[i], sums[i] = p.condition, p.sum
		summable = summable && p.sum != ""
		e.ids = append(e.ids, p.ids...)
		e.placed = e.placed || p.placed
		e.vague = e.vague || p.vague
	}
	e.condition = "(" + strings.Join(conds, word) + ")"
	sum := strings.Join(sums, " + ")
	switch {
	case m.op == "" && l.op == '|' && summable:
		e.sum = sum
		return e, ""
	case m.op == "":
		return expression{condition: e.condition}, ""
	case !summable:
		return e, nestedCounts
	case e.placed:
		return e, countsAtPlace
	case e.vague && (m.distinct > 0 || !m.none() && !m.some()):
		return e, countsOfVague
	}
	return e.counted(l.op, sum, m), ""
}

// counted is an expression with a count behind it. The number of its matches is
// the sum if it holds, else 0.
func (e *expression) counted(op byte, sum string, m count) expression {
	cond := fmt.Sprintf("%s %s %d", sum, m.op, m.n)
	if op == '&' {
		if m.op == "<" && m.n > 0 || m.op == "==" && m.n == 0 {
			cond = fmt.Sprintf("(not %s or %s)", e.condition, cond)
		} else {
			cond = fmt.Sprintf("(%s and %s)", e.condition, cond)
		}
	}
	if m.distinct > 0 {
		list, n := uniqueIDs(e.ids)
		if op == '&' {
			cond = fmt.Sprintf("(%s and %s)", e.condition, cond)
		}
		if m.distinct > uint64(n) {
			cond = "false"
		} else {
			cond = fmt.Sprintf("(%s and %d of %s)", cond, m.distinct, list)
		}
	}
	return expression{condition: "(" + cond + ")"}
}
