package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/mime"
	"github.com/fivefifty/fivefifty/scanner"
)

// treeStyle renders results for people.
type treeStyle struct {
	colour, unicode, all, explain bool
}

// maxQuiet is how many objects of one parent, with nothing to say about them or
// what is in them, are shown before the rest is only counted.
const maxQuiet = 4

// maxIndent is how many levels are indented; what is deeper stands below each
// other, with its level.
const maxIndent = 20

// append appends the result's tree: a line for the file, one for each object,
// and one for each thing to be said about it.
func (s treeStyle) append(b []byte, r *result) []byte {
	title := safe(r.file)
	if r.message > 0 {
		title += fmt.Sprintf(" message %d", r.message)
	}
	if r.reading != "" {
		title += " read as " + readingTitle(r.reading)
	}
	b = append(b, s.paint(bold, title)...)
	if r.report != nil {
		if len(r.report.Objects) > 0 {
			b = append(b, s.paint(dim, "  "+facts(r.report.Objects[0]))...)
		}
		b = append(b, "  "...)
		b = append(b, s.verdict(r.report)...)
	}
	b = append(b, '\n')
	if r.err != nil {
		b = append(b, s.paint(red, "  error: "+safe(r.err.Error()))...)
		b = append(b, '\n')
	}
	if r.report == nil {
		return append(b, '\n')
	}
	t := tree{style: s, objects: r.report.Objects, mailbox: r.message > 0}
	return append(t.append(b), '\n')
}

// readingTitle is a reading's name in words.
func readingTitle(reading string) string {
	switch reading {
	case "whole":
		return "one message"
	case "message":
		return "a message"
	}
	return "by " + reading
}

// verdict writes the verdict and what a server would answer.
func (s treeStyle) verdict(r *scanner.Report) string {
	colour := green
	switch r.Verdict {
	case scanner.VerdictMalicious:
		colour = boldRed
	case scanner.VerdictBlocked:
		colour = red
	case scanner.VerdictUnchecked, scanner.VerdictUnknown:
		colour = yellow
	}
	text := s.paint(colour, strings.ToUpper(verdictTitle(r.Verdict)))
	if r.Verdict == scanner.VerdictClean {
		return text
	}
	return text + s.paint(dim, fmt.Sprintf("  %s: %d %s", r.Disposition, r.Reply.Code, r.Reply.Enhanced))
}

func verdictTitle(v scanner.Verdict) string {
	if v == scanner.VerdictUnchecked {
		return "not wholly examined"
	}
	return v.String()
}

// tree is one report's objects on their way to lines.
type tree struct {
	style    treeStyle
	objects  []*scanner.Object
	mailbox  bool // the file is a message of a mailbox
	children [][]int
	loud     []bool // there is something to say about the object, or one in it
}

// node is an object to be written: which, at what level, and what stands in
// front of it.
type node struct {
	index  int
	level  int
	prefix string // of the lines below the object's own
	branch string // of the object's own
	quiet  int    // if not 0: a line that so many objects are left out
}

func (t *tree) append(b []byte) []byte {
	t.measure()
	var stack []node
	for i, o := range t.objects {
		if o.Parent < 0 {
			stack = append(stack, node{index: i})
		}
	}
	slices.Reverse(stack)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n.quiet > 0 {
			b = append(b, t.style.paint(dim, fmt.Sprintf("%s%s and nothing found in them", n.branch, count(n.quiet, "more object")))...)
			b = append(b, '\n')
			continue
		}
		kids := t.kids(n)
		b = t.object(b, n, len(kids) > 0)
		slices.Reverse(kids)
		stack = append(stack, kids...)
	}
	return b
}

// measure finds the children, and what is loud. Parents stand before children.
func (t *tree) measure() {
	t.children = make([][]int, len(t.objects))
	t.loud = make([]bool, len(t.objects))
	for i := len(t.objects) - 1; i >= 0; i-- {
		o := t.objects[i]
		t.loud[i] = t.loud[i] || len(o.Findings)+len(o.Unchecked) > 0
		if o.Parent >= 0 {
			t.children[o.Parent] = append(t.children[o.Parent], i)
			t.loud[o.Parent] = t.loud[o.Parent] || t.loud[i]
		}
	}
	for _, c := range t.children {
		slices.Reverse(c)
	}
}

// kids returns the nodes of what came out of n that is to be shown.
func (t *tree) kids(n node) (kids []node) {
	left := 0
	for k, i := range t.children[n.index] {
		if !t.style.all && !t.loud[i] && k >= maxQuiet {
			left++
			continue
		}
		kids = append(kids, node{index: i})
	}
	if left > 0 {
		kids = append(kids, node{quiet: left})
	}
	for k := range kids {
		last := k == len(kids)-1
		kids[k].level = n.level + 1
		kids[k].branch, kids[k].prefix = t.style.branch(n, last)
	}
	return kids
}

// branch returns what stands in front of a child of n.
func (s treeStyle) branch(n node, last bool) (branch, prefix string) {
	if n.level >= maxIndent {
		return fmt.Sprintf("%s[%d] ", n.prefix, n.level+1), n.prefix
	}
	fork, corner, line := "|-- ", "`-- ", "|   "
	if s.unicode {
		fork, corner, line = "├── ", "└── ", "│   "
	}
	if last {
		return n.prefix + corner, n.prefix + "    "
	}
	return n.prefix + fork, n.prefix + line
}

// object writes an object's own lines.
func (t *tree) object(b []byte, n node, parent bool) []byte {
	s, o := t.style, t.objects[n.index]
	if o.Parent >= 0 { // the first object is the file, which has its line
		label := t.label(o)
		if !t.loud[n.index] {
			label = s.paint(dim, label)
		}
		b = append(b, s.paint(dim, n.branch)...)
		b = append(b, label...)
		b = append(b, s.paint(dim, "  "+facts(o))...)
		b = append(b, '\n')
	}
	below := n.prefix
	switch {
	case parent && n.level < maxIndent && s.unicode:
		below += "│   "
	case parent && n.level < maxIndent:
		below += "|   "
	default:
		below += "    "
	}
	say := func(colour, text string) {
		b = append(b, s.paint(dim, below)...)
		b = append(b, s.paint(colour, text)...)
		b = append(b, '\n')
	}
	for _, f := range o.Findings {
		say(findingColour(f.Class), findingText(f))
		if s.explain {
			for _, text := range explainFinding(f) {
				say(dim, "  "+text)
			}
		}
	}
	for _, u := range o.Unchecked {
		say(yellow, uncheckedText(u))
	}
	if odd := t.odd(o); len(odd) > 0 && (s.all || t.loud[n.index]) {
		say(dim, "odd: "+safe(strings.Join(odd, ", ")))
	}
	if s.explain && len(o.Findings) > 0 && o.Path != "" {
		say(dim, "path "+safe(o.Path))
	}
	if len(o.Findings) > 0 && len(o.SHA256) > 0 {
		say(dim, "sha256 "+o.SHA256.String())
	}
	return b
}

// odd are the object's anomalies without that which every message in a mailbox
// has.
func (t *tree) odd(o *scanner.Object) []string {
	if !t.mailbox || o.Parent >= 0 {
		return o.Anomalies
	}
	return slices.DeleteFunc(slices.Clone(o.Anomalies), func(a string) bool { return a == mime.AnomalyMboxLine })
}

// label is what the object is called within its parent, and its other names.
func (t *tree) label(o *scanner.Object) string {
	path := o.Path
	if o.Parent >= 0 {
		path = strings.TrimPrefix(path, t.objects[o.Parent].Path+"/")
	}
	label := safe(path)
	for _, name := range o.Names {
		if !strings.HasSuffix(path, name) {
			label += " = " + safe(name)
		}
	}
	return label
}

// facts are the object's type and size.
func facts(o *scanner.Object) string {
	typ := o.Type
	if typ == "" {
		typ = "not to be had"
	}
	text := safe(typ) + ", " + humanBytes(o.Size)
	if o.Declared != "" && o.Declared != o.MediaType {
		text += ", declared " + safe(o.Declared)
	}
	if o.PasswordFrom != "" {
		text += ", opened by a password from " + safe(o.PasswordFrom)
	}
	if o.SameAs != "" {
		text += ", same bytes as " + safe(o.SameAs)
	}
	if o.Reading != "" {
		text += ", read " + safe(o.Reading)
	}
	return text
}

func findingText(f scanner.Finding) string {
	text := fmt.Sprintf("%s: %s (%s)", f.Class, safe(f.Signature), safe(f.Engine))
	for _, more := range []string{f.Description, f.Detail} {
		if more != "" {
			text += " " + safe(more)
		}
	}
	return text
}

// uncheckedText leaves out the reason if the detail has the word in it.
func uncheckedText(u scanner.Unchecked) string {
	text := "not examined: "
	if !strings.Contains(u.Detail, u.Reason.String()) {
		text += u.Reason.String()
		if u.Detail != "" {
			text += ": "
		}
	}
	if u.Detail != "" {
		text += safe(u.Detail)
	}
	if u.Limit != "" {
		text += " (limit " + safe(u.Limit) + ")"
	}
	return text
}
