package yara

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/fivefifty/fivefifty/scanner"
)

// info is what is known of a rule before it ever matches.
type info struct {
	finding scanner.Finding // as it is reported, but for the strings that matched
	silent  bool            // private, disabled, or not meant for files
}

// meta is one entry of a rule's meta section: a string, an int or a bool.
type meta struct {
	name  string
	value any
}

// text returns a meta's value in words.
func (m meta) text() string {
	switch v := m.value.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// score returns the rule's own score within 0 and 100, and whether it has one.
func score(metas []meta) (int, bool) {
	for _, m := range metas {
		if !strings.EqualFold(m.name, "score") {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSpace(m.text())); err == nil {
			return min(max(n, 0), 100), true
		}
	}
	return 0, false
}

// classify says what a match of a rule means.
func (c Config) classify(tags []string, metas []meta) (scanner.Class, int) {
	n, ok := score(metas)
	if !ok {
		n = c.DefaultScore
	}
	for _, m := range metas {
		if strings.EqualFold(m.name, "class") {
			switch strings.ToLower(m.text()) {
			case "malicious":
				return scanner.ClassMalicious, n
			case "suspicious":
				return scanner.ClassSuspicious, n
			case "unwanted":
				return scanner.ClassUnwanted, n
			case "notice":
				return scanner.ClassNotice, n
			}
		}
	}
	switch {
	case unwanted(tags, metas):
		return scanner.ClassUnwanted, n
	case n >= c.Malicious:
		return scanner.ClassMalicious, n
	case n >= c.Suspicious:
		return scanner.ClassSuspicious, n
	}
	return scanner.ClassNotice, n
}

// unwanted says whether the rule's author files the match under what is no
// malware: by a tag, or by a word of a meta that names a kind.
func unwanted(tags []string, metas []meta) bool {
	for _, t := range tags {
		if unwantedWord(t) {
			return true
		}
	}
	for _, m := range metas {
		switch strings.ToLower(m.name) {
		case "category", "type", "malware_type", "threat_type", "classification":
			notWord := func(r rune) bool { return !unicode.IsLetter(r) }
			for _, w := range strings.FieldsFunc(m.text(), notWord) {
				if unwantedWord(w) {
					return true
				}
			}
		}
	}
	return false
}

func unwantedWord(w string) bool {
	switch strings.ToLower(w) {
	case "pua", "pup", "adware", "hacktool", "riskware", "grayware", "greyware", "unwanted":
		return true
	}
	return false
}

// forFiles says whether the rule is meant for files: THOR's `limit = "Logscan"`
// and `type = "memory"` keep a rule to logs and to processes.
func forFiles(metas []meta) bool {
	for _, m := range metas {
		text := strings.ToLower(m.text())
		switch strings.ToLower(m.name) {
		case "limit":
			if text != "" && !strings.Contains(text, "file") {
				return false
			}
		case "type":
			if text == "memory" {
				return false
			}
		}
	}
	return true
}

// describe returns the rule's description for the log: the first of the metas
// that rule authors use for it.
func describe(metas []meta) string {
	const most = 200
	for _, name := range []string{"description", "desc", "info", "comment"} {
		for _, m := range metas {
			if s, ok := m.value.(string); ok && s != "" && strings.EqualFold(m.name, name) {
				return line(s, most)
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
