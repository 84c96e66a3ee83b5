package clamav

import (
	"crypto/md5"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// rules are the signatures that became YARA rules.
type rules struct{ sources []*source }

// source is the rules of one file.
type source struct {
	name string
	list []translated
	pe   bool // one of them needs the module pe
}

// translated is one rule.
type translated struct {
	line   int
	name   string // the signature's
	digest [md5.Size]byte
	text   string // from "{" on
	body   bool   // of .ndb
}

func (r *rules) source(name string) *source {
	s := &source{name: name}
	r.sources = append(r.sources, s)
	return s
}

// add takes the rule that a line became: strings are its patterns, condition what
// must hold.
func (s *source) add(ln line, name string, strs []string, condition string, pe, body bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "{ meta: reported_as = %s", yaraText(name))
	if classOf(name) == scanner.ClassUnwanted {
		b.WriteString(` class = "unwanted"`)
	}
	if len(strs) > 0 {
		b.WriteString(" strings:")
	}
	for _, t := range strs {
		b.WriteByte(' ')
		b.WriteString(t)
	}
	fmt.Fprintf(&b, " condition: %s }", condition)
	s.list = append(s.list, translated{ln.number, name, md5.Sum([]byte(ln.text)), b.String(), body})
	s.pe = s.pe || pe
}

// texts makes a Source of each file that has rules, without those to be ignored.
func (r *rules) texts(l *loader) []Source {
	var list []Source
	for _, s := range r.sources {
		if text := s.text(l); text != "" {
			list = append(list, Source{Name: s.name, Namespace: path.Base(strings.ReplaceAll(s.name, `\`, "/")), Text: text})
		}
	}
	return list
}

// text puts each rule on the line on which its signature stands.
func (s *source) text(l *loader) string {
	var b strings.Builder
	if s.pe {
		b.WriteString(`import "pe" `)
	}
	row, none := 1, true
	used := map[string]bool{}
	for _, t := range s.list {
		if l.ignores(t.name, t.digest) {
			continue
		}
		none = false
		for ; row < t.line; row++ {
			b.WriteByte('\n')
		}
		id := identifier(t.name)
		for used[id] {
			id += "_" + strconv.Itoa(t.line)
		}
		used[id] = true
		b.WriteString("rule " + id + " " + t.text)
		if t.body {
			l.db.Stats.Body++
		} else {
			l.db.Stats.Logical++
		}
	}
	if none {
		return ""
	}
	return b.String() + "\n"
}

// classOf says what a match of a signature means: ClamAV marks what is only
// unwanted in its name.
func classOf(name string) scanner.Class {
	if strings.HasPrefix(name, "PUA.") {
		return scanner.ClassUnwanted
	}
	return scanner.ClassMalicious
}

// maxIdentifier leaves room for a number within YARA's 128 characters.
const maxIdentifier = 100

// identifier makes an identifier of YARA of a name.
func identifier(name string) string {
	id := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || isLetter(byte(r))) {
			return r
		}
		return '_'
	}, name)
	return "c_" + id[:min(len(id), maxIdentifier)]
}

// yaraText writes a text as YARA does.
func yaraText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// maxName bounds a signature's name, in bytes.
const maxName = 1024

// checkName says what is wrong with a name.
func checkName(name string) fault {
	switch {
	case name == "":
		return "no name"
	case len(name) > maxName || strings.ContainsAny(name, "\x00"):
		return "a name that is none"
	}
	return ""
}
