package yara

import (
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/fivefifty/fivefifty/scanner"
)

// Rule tells what there is to know about one loaded rule.
type Rule struct {
	Namespace string
	Name      string
	File      string // as found, or Source.Name
	Line      int    // in File, from 1
	Tags      []string
	Metas     []Meta
	Private   bool
	Global    bool
	Modules   []string // that its own condition uses

	Class  scanner.Class // of a match
	Score  int           // of a match
	Why    string        // what decided the class, in words
	Silent string        // why matches are never reported; "" if they are
}

// Meta is one entry of a rule's meta section. Integers and booleans are written
// out.
type Meta struct {
	Name  string
	Value string
}

// info is what is kept of a rule for its matches.
type info struct {
	finding scanner.Finding // as it is reported, but for the strings that matched
	index   int             // rules are reported in this order
	silent  bool            // private, disabled, or not meant for files
}

type ruleKey struct{ namespace, name string }

// place is where a rule stands.
type place struct {
	file    string
	line    int
	index   int // among all rules
	modules []string
}

// places returns where the rules of units stand.
func placesOf(units []*unit) map[ruleKey]place {
	all := map[ruleKey]place{}
	for _, u := range units {
		for _, r := range u.rules {
			p := place{file: r.file, line: r.line, index: len(all)}
			for _, imp := range u.imports {
				if r.refs[imp.name] {
					p.modules = append(p.modules, imp.name)
				}
			}
			all[ruleKey{u.namespace, r.name}] = p
		}
	}
	return all
}

// finding returns what is reported of a match, but for where it was.
func (r *Rule) finding() scanner.Finding {
	f := scanner.Finding{
		Engine:      engineName,
		Signature:   r.Reported(),
		Class:       r.Class,
		Score:       r.Score,
		Namespace:   line(r.Namespace, 200),
		Description: line(firstMeta(r.Metas, "description", "desc", "info", "comment"), 500),
		Reference:   line(firstMeta(r.Metas, "reference", "references", "ref", "reference1", "url", "source_url"), 300),
	}
	if r.File != "" {
		f.Source = line(fmt.Sprintf("%s:%d", r.File, r.Line), 300)
	}
	if len(r.Tags) > 0 {
		f.Detail = line("tags "+strings.Join(r.Tags, " "), 200)
	}
	return f
}

// reportedAs is the meta whose text is reported in the place of the identifier, for
// signatures that have names which are no identifiers.
const reportedAs = "reported_as"

// Reported returns the name that matches are reported by: Name, or what the meta
// reported_as says.
func (r *Rule) Reported() string {
	if name := line(firstMeta(r.Metas, reportedAs), 300); name != "" {
		return name
	}
	return r.Name
}

// firstMeta returns the first of these metas that is not empty, in the order of
// the names.
func firstMeta(metas []Meta, names ...string) string {
	for _, name := range names {
		for _, m := range metas {
			if m.Value != "" && strings.EqualFold(m.Name, name) {
				return m.Value
			}
		}
	}
	return ""
}

// silence says why matches of the rule are not reported, "" if they are.
func (c *Config) silence(r *Rule) string {
	switch reason := notForFiles(r.Metas); {
	case r.Private:
		return "private: it serves other rules"
	case c.disabled(r) != "":
		return "disabled as " + c.disabled(r)
	case c.EveryRule:
		return ""
	case reason != "":
		return reason
	case strings.EqualFold(path.Base(strings.ReplaceAll(r.File, `\`, "/")), inverseMatches):
		return "not for mail: " + inverseMatches + " is about the files of a Windows system"
	}
	return ""
}

// inverseMatches is signature-base's file of rules for files with the names of
// system programs that do not look like these. In a mail every other program of
// such a name would match.
const inverseMatches = "thor_inverse_matches.yar"

// disabled returns the entry of Config.Disable that names the rule, "" if none.
func (c *Config) disabled(r *Rule) string {
	for _, d := range c.Disable {
		if d == r.Name || d == r.Reported() || d == r.Namespace+":"+r.Name {
			return d
		}
	}
	return ""
}

// notForFiles says why a rule is not meant for files: THOR's `limit = "Logscan"`
// and `type = "memory"` keep a rule to logs and to processes.
func notForFiles(metas []Meta) string {
	for _, m := range metas {
		text := strings.ToLower(m.Value)
		switch strings.ToLower(m.Name) {
		case "limit":
			if text != "" && !strings.Contains(text, "file") {
				return fmt.Sprintf("not for files: limit = %q", m.Value)
			}
		case "type":
			if text == "memory" {
				return fmt.Sprintf("not for files: type = %q", m.Value)
			}
		}
	}
	return ""
}

// line makes a text fit for one line of a log.
func line(s string, most int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
