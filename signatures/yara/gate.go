package yara

import (
	"maps"
	"slices"
	"strings"
)

// costly are the modules that libyara builds for every scan at a price: 300 µs
// for pe, 150 for macho, 70 for elf, 40 for dex (libyara 4.2.3), where a small
// object without any takes 7. The value is a condition without modules that is
// true wherever the module has read the object: its fields are undefined on all
// others.
var costly = map[string]string{
	"pe":     "uint16(0) == 0x5A4D",
	"dotnet": "uint16(0) == 0x5A4D",
	"elf":    "uint32(0) == 0x464C457F",
	"dex":    "uint32(0) == 0x0A786564",
	"macho": "(uint32be(0) == 0xFEEDFACE or uint32be(0) == 0xFEEDFACF or uint32be(0) == 0xCEFAEDFE or uint32be(0) == 0xCFFAEDFE or " +
		"uint32be(0) == 0xCAFEBABE or uint32be(0) == 0xCAFEBABF or uint32be(0) == 0xBEBAFECA or uint32be(0) == 0xBFBAFECA)",
}

// undefinedCalls are the functions of costly modules whose value is undefined on
// an object that the module has not read, whatever their arguments.
var undefinedCalls = map[string]bool{
	"exports": true, "imports": true, "imphash": true, "section_index": true, "is_dll": true,
	"is_32bit": true, "is_64bit": true, "language": true, "locale": true, "rva_to_offset": true,
}

// gate makes of a rule that needs a costly module a rule that needs none and
// matches wherever the first does, and possibly elsewhere: the part of the rules
// with modules is run only where a gate matched.
//
// A condition has one of three values: true, false and undefined, of which only
// true is a match. Each comparison in it that needs a module is replaced by a
// constant, according to whether it stands under an even or an odd number of
// "not". An expression e under an even number becomes e' with
//
//	e is true  =>  e' is true         e is not false  =>  e' is not false
//
// and one under an odd number becomes e' with
//
//	e is false =>  e' is false        e is not true   =>  e' is not true
//
// The constants true and false have these properties; libyara's "and" (true if
// both are, else false), "or" (true if one is, else false) and "not" (undefined
// of undefined) pass them on from their operands to the whole. Under no "not" at
// all only the very first property is needed; there a comparison that is
// undefined without the module becomes the test for the module's format instead
// of true.
type gate struct {
	text   string          // of the rule
	lost   map[string]bool // costly modules and rules that the gate cannot refer to
	needed map[string]bool // strings that what was kept of the condition refers to, "x" or "x*"
	them   bool            // it refers to all strings
	loop   bool            // in the body of a loop, where "$" is the string that it is at
}

const (
	gateOpen = "true"
	gateShut = "false"

	maxGateDepth = 64 // parentheses in each other; what is deeper counts as one comparison
)

// gateOf returns the text of the gate for a rule, called name.
func gateOf(r *rule, name string, lost map[string]bool) string {
	strs, condition := sections(r.text)
	g := gate{text: r.text, lost: lost, needed: map[string]bool{}}
	text := g.expression(condition, false, true, 0)
	if text == gateOpen || text == gateShut {
		return "rule " + name + " { condition: " + text + " }"
	}
	var b strings.Builder
	for _, s := range strs {
		if g.them || g.needs(s.name) {
			b.WriteString("\n" + s.text)
		}
	}
	out := "rule " + name + " {"
	if b.Len() > 0 {
		out += " strings:" + b.String() + "\n"
	}
	return out + " condition: " + text + "\n}"
}

func (g *gate) needs(name string) bool {
	if g.needed[name] {
		return true
	}
	for n := range g.needed {
		if prefix, set := strings.CutSuffix(n, "*"); set && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// expression returns what stands for the tokens of a boolean expression. odd
// says that the number of "not" above is, plain that there is none.
func (g *gate) expression(toks []token, odd, plain bool, depth int) string {
	if len(toks) == 0 || depth > maxGateDepth {
		return constant(odd)
	}
	if parts := separate(toks, "or"); len(parts) > 1 {
		return g.join(parts, "or", gateOpen, odd, plain, depth)
	}
	if parts := separate(toks, "and"); len(parts) > 1 {
		return g.join(parts, "and", gateShut, odd, plain, depth)
	}
	switch first := toks[0]; {
	case first.kind == tokenWord && first.text == "not":
		switch text := g.expression(toks[1:], !odd, false, depth+1); text {
		case gateOpen:
			return gateShut
		case gateShut:
			return gateOpen
		default:
			return "not " + text
		}
	case first.text == "(" && closing(toks) == len(toks)-1:
		text := g.expression(toks[1:len(toks)-1], odd, plain, depth+1)
		if text == gateOpen || text == gateShut {
			return text
		}
		return "(" + text + ")"
	}
	return g.comparison(toks, odd, plain)
}

// join joins what stands for parts by an operator; absorbing is the constant
// that decides the whole.
func (g *gate) join(parts [][]token, operator, absorbing string, odd, plain bool, depth int) string {
	var texts []string
	for _, p := range parts {
		text := g.expression(p, odd, plain, depth+1)
		switch {
		case text == absorbing:
			return absorbing
		case text == gateOpen && !odd:
			continue // of an "and": without it the rest may be undefined where it was false
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return gateOpen
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "(" + strings.Join(texts, " "+operator+" ") + ")"
}

func constant(odd bool) string {
	if odd {
		return gateShut
	}
	return gateOpen
}

// comparison returns what stands for an expression without "and", "or" and "not"
// outside of parentheses.
func (g *gate) comparison(toks []token, odd, plain bool) string {
	if !g.involves(toks) {
		g.keep(toks)
		last := toks[len(toks)-1]
		return g.text[toks[0].start : last.start+len(last.text)]
	}
	if !plain {
		return constant(odd)
	}
	if toks[0].text == "for" {
		return g.forAny(toks)
	}
	if format := g.format(toks); format != "" {
		return format
	}
	return gateOpen
}

// forAny returns what stands for "for any … : ( body )", or a number above 0 in
// place of any: something that is true if the body is for one round of the loop,
// and the same for all rounds. Other loops are true also where no body is.
func (g *gate) forAny(toks []token) string {
	colon := slices.IndexFunc(toks, func(t token) bool { return t.text == ":" })
	if colon < 2 || colon+2 >= len(toks) || toks[1].text != "any" && strings.Trim(toks[1].text, "123456789") != "" {
		return gateOpen
	}
	body := toks[colon+1:]
	if body[0].text != "(" || closing(body) != len(body)-1 {
		return gateOpen
	}
	inner := gate{text: g.text, lost: maps.Clone(g.lost), needed: g.needed, loop: true}
	for i, t := range toks[2:colon] {
		if t.kind != tokenWord {
			continue
		}
		if t.text == "of" || t.text == "in" {
			if in := toks[2+i+1 : colon]; t.text == "in" && len(in) > 1 && costly[in[0].text] != "" && undefinedField(in[1:]) {
				return costly[in[0].text] // no round without the module's list
			}
			break
		}
		inner.lost[t.text] = true
	}
	text := inner.expression(body[1:len(body)-1], false, true, maxGateDepth/2)
	g.them = g.them || inner.them
	return text
}

// involves says whether the tokens refer to what the gate cannot.
func (g *gate) involves(toks []token) bool {
	for i, t := range toks {
		if g.loop && t.kind == tokenMark && len(t.text) == 1 && strings.Contains("$#@!", t.text) {
			return true
		}
		if t.kind != tokenWord || i > 0 && toks[i-1].text == "." {
			continue
		}
		if g.lost[t.text] {
			return true
		}
		if i+1 < len(toks) && toks[i+1].text == "*" {
			for name := range g.lost {
				if strings.HasPrefix(name, t.text) {
					return true
				}
			}
		}
	}
	return false
}

// keep notes the strings to which tokens refer.
func (g *gate) keep(toks []token) {
	for i, t := range toks {
		switch {
		case t.kind == tokenWord && t.text == "them":
			g.them = true
		case t.kind == tokenMark && strings.IndexByte("$#@!", t.text[0]) >= 0:
			name := t.text[1:]
			if name == "" {
				continue // the string that a loop is at
			}
			if i+1 < len(toks) && toks[i+1].text == "*" && t.text[0] == '$' {
				name += "*"
			}
			g.needed[name] = true
		}
	}
}

// format returns the test for the format of a module on which the tokens depend
// such that they are not true where the module has not read the object; "" if
// there is none. All operators but "for", "of" and "defined" are not true if one
// operand is undefined.
func (g *gate) format(toks []token) string {
	for _, t := range toks {
		if t.kind == tokenWord && (t.text == "for" || t.text == "of" || t.text == "defined") {
			return ""
		}
	}
	for i, t := range toks {
		if t.kind != tokenWord || costly[t.text] == "" || !g.lost[t.text] || i > 0 && toks[i-1].text == "." {
			continue
		}
		if undefinedField(toks[i+1:]) || len(toks) == 3 && (toks[2].text == "is_pe" || toks[2].text == "is_dotnet") {
			return costly[t.text]
		}
	}
	return ""
}

// undefinedField says whether the tokens after a module's name are a field that
// is undefined where the module has not read the object. Upper case are
// constants; what is called "is_…" is set to 0.
func undefinedField(toks []token) bool {
	if len(toks) < 2 || toks[0].text != "." || toks[1].kind != tokenWord {
		return false
	}
	for i := 1; i < len(toks) && toks[i].kind == tokenWord && toks[i-1].text == "."; i += 2 {
		name := toks[i].text
		if i+1 < len(toks) && toks[i+1].text == "(" {
			return i == 1 && undefinedCalls[name]
		}
		if strings.HasPrefix(name, "is_") || strings.ToLower(name) != name {
			return false
		}
	}
	return true
}

// separate splits tokens at an operator outside of parentheses.
func separate(toks []token, operator string) [][]token {
	var parts [][]token
	depth, start := 0, 0
	for i, t := range toks {
		switch t.text {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		case operator:
			if depth == 0 && t.kind == tokenWord {
				parts = append(parts, toks[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, toks[start:])
}

// closing returns the index of the parenthesis that closes the first token.
func closing(toks []token) int {
	depth := 0
	for i, t := range toks {
		switch t.text {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// declaration is one string of a rule.
type declaration struct {
	name string // without its "$"
	text string
}

// sections returns the strings of a rule and the tokens of its condition.
func sections(text string) ([]declaration, []token) {
	l := lexer{text: text}
	var toks []token
	var last token
	for {
		l.hex = last.text == "="
		t := l.next()
		if t.kind == tokenEnd || t.kind == tokenFault {
			break
		}
		toks = append(toks, t)
		last = t
	}
	section := func(word string) int {
		depth := 0
		for i, t := range toks {
			switch {
			case t.text == "{":
				depth++
			case depth == 1 && t.kind == tokenWord && t.text == word && i+1 < len(toks) && toks[i+1].text == ":":
				return i
			}
		}
		return -1
	}
	condition := section("condition")
	if condition < 0 {
		return nil, nil
	}
	var list []declaration
	if at := section("strings"); at >= 0 && at < condition {
		list = declarations(text, toks[at+2:condition], toks[condition].start)
	}
	return list, slices.Clone(toks[condition+2 : len(toks)-1])
}

// declarations returns the strings that the tokens declare, which end at end.
func declarations(text string, toks []token, end int) []declaration {
	var list []declaration
	for i, t := range toks {
		if t.kind != tokenMark || t.text[0] != '$' || i+1 == len(toks) || toks[i+1].text != "=" {
			continue
		}
		if n := len(list); n > 0 {
			list[n-1].text = list[n-1].text[:t.start-(end-len(list[n-1].text))]
		}
		list = append(list, declaration{name: t.text[1:], text: text[t.start:end]})
	}
	return list
}
