package yara

import (
	"regexp"
	"strings"
)

// statement is one import, include or rule of a source text, or a stretch of it
// that is none of them.
type statement struct {
	kind    kind
	text    string // as it stands in the source
	line    int    // where text begins, from 1
	name    string // the rule's, the module's, or the included file's
	private bool
	global  bool

	// refs are the identifiers in a rule's condition: other rules, modules,
	// externals, and prefixes of rule sets with their "*".
	refs map[string]bool

	// fault says why the statement cannot be compiled, "" if it can as far as its
	// outline goes; faultLine is where.
	fault     string
	faultLine int
}

type kind uint8

const (
	kindRule kind = iota
	kindImport
	kindInclude
	kindJunk
)

// split takes a source text apart into its statements, so that each can be
// compiled or dropped on its own. It knows the outline of the language only:
// what is inside a rule is libyara's to judge.
func split(text string) []statement {
	s := splitter{lexer: lexer{text: text}, line: 1}
	for s.statement() {
	}
	return s.out
}

type splitter struct {
	lexer
	out     []statement
	line    int // of the byte at counted
	counted int
}

// lineAt returns the line of an offset; offsets must not go back beyond the
// start of the last statement.
func (s *splitter) lineAt(off int) int {
	if off < s.counted {
		return s.line - strings.Count(s.text[off:s.counted], "\n")
	}
	s.line += strings.Count(s.text[s.counted:off], "\n")
	s.counted = off
	return s.line
}

// statement reads one statement, and says whether there was one.
func (s *splitter) statement() bool {
	t := s.next()
	switch {
	case t.kind == tokenEnd:
		return false
	case t.kind == tokenWord && t.text == "import":
		s.quoted(t, kindImport)
	case t.kind == tokenWord && t.text == "include":
		s.quoted(t, kindInclude)
	case t.kind == tokenWord && (t.text == "rule" || t.text == "private" || t.text == "global"):
		s.rule(t)
	default:
		s.junk(t)
	}
	return true
}

// quoted reads `import "name"` or `include "name"`.
func (s *splitter) quoted(first token, k kind) {
	after := s.at
	t := s.next()
	if t.kind != tokenText {
		s.at = after
		s.add(statement{kind: kindJunk, fault: first.text + " without a name"}, first.start, after, first.start)
		return
	}
	s.add(statement{kind: k, name: t.text[1 : len(t.text)-1]}, first.start, s.at, first.start)
}

// junk takes what belongs to no statement, up to the next that may begin one.
func (s *splitter) junk(t token) {
	fault := unexpected(t)
	start, end := t.start, s.resync(t)
	s.add(statement{kind: kindJunk, fault: fault}, start, end, start)
}

// resync moves to the next place after t where a statement may begin: a word
// that begins one; after a literal that does not end, one that stands first on a
// line; after a comment that does not end, none.
func (s *splitter) resync(t token) int {
	for {
		if t.kind == tokenFault {
			s.at = len(s.text)
			line := t.start + lineBytes(s.text[t.start:])
			if m := lineStart.FindStringIndex(s.text[line:]); m != nil && t.text != unterminatedComment {
				s.at = line + m[0]
			}
			return s.at
		}
		before := s.at
		t = s.next()
		if t.kind == tokenEnd || t.begins() {
			s.at = before
			return before
		}
	}
}

var lineStart = regexp.MustCompile(`\n[ \t]*(?:(?:private|global)[ \t]+)*(?:rule[ \t]+[A-Za-z_]|(?:import|include)[ \t]*")`)

// rule reads a rule from its first modifier to its closing brace.
func (s *splitter) rule(first token) {
	r := statement{kind: kindRule}
	t, before := first, first.start
	for t.kind == tokenWord && (t.text == "private" || t.text == "global") {
		r.private = r.private || t.text == "private"
		r.global = r.global || t.text == "global"
		before = s.at
		t = s.next()
	}
	if t.kind != tokenWord || t.text != "rule" {
		s.fail(r, first, t, before)
		return
	}
	before = s.at
	if t = s.next(); t.kind != tokenWord || t.begins() {
		s.fail(r, first, t, before)
		return
	}
	r.name = t.text
	s.body(r, first)
}

// body reads what follows a rule's name: tags, and sections between braces.
func (s *splitter) body(r statement, first token) {
	r.refs = map[string]bool{}
	var depth int
	var condition bool // in the condition: before it, words are no references
	var last token
	modifiers := -1 // start of private and global words just read
	for {
		before := s.at
		s.hex = last.text == "="
		t := s.next()
		s.hex = false
		switch {
		case t.kind == tokenEnd, t.kind == tokenFault:
			s.fail(r, first, t, before)
			return
		case t.kind == tokenWord && (t.text == "rule" || t.text == "import" || t.text == "include"):
			// Reserved words: the rule before them was not closed.
			if modifiers >= 0 && t.text == "rule" {
				before = modifiers
			}
			s.fail(r, first, t, before)
			return
		case t.kind == tokenWord && condition && last.text != ".":
			ref := t.text
			if s.at < len(s.text) && s.text[s.at] == '*' {
				ref += "*"
			}
			r.refs[ref] = true
		case t.kind == tokenWord && t.text == "condition" && depth == 1:
			condition = true
		case t.text == "{":
			depth++
		case t.text == "}":
			depth--
			if depth <= 0 {
				s.finish(r, first)
				return
			}
		}
		switch {
		case t.kind != tokenWord || t.text != "private" && t.text != "global":
			modifiers = -1
		case modifiers < 0:
			modifiers = before
		}
		last = t
	}
}

func (s *splitter) finish(r statement, first token) {
	s.add(r, first.start, s.at, first.start)
}

// fail ends a rule that has no sound outline before the token that shows it.
func (s *splitter) fail(r statement, first, t token, before int) {
	r.fault = unexpected(t)
	end := before
	switch {
	case t.kind == tokenFault:
		end = s.resync(t)
	case t.kind == tokenEnd:
		end = len(s.text)
		s.at = end
	case t.begins():
		s.at = end
	default:
		end = s.resync(t)
	}
	s.add(r, first.start, end, t.start)
}

func (s *splitter) add(st statement, start, end, faultAt int) {
	st.line = s.lineAt(start)
	st.text = s.text[start:end]
	if st.fault != "" {
		st.faultLine = s.lineAt(faultAt)
	}
	s.out = append(s.out, st)
}
