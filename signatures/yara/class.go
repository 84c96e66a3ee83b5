package yara

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/fivefifty/fivefifty/scanner"
)

// score returns the rule's own score within 0 and 100, and whether it has one.
func score(metas []Meta) (int, bool) {
	for _, m := range metas {
		if !strings.EqualFold(m.Name, "score") {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSpace(m.Value)); err == nil {
			return min(max(n, 0), 100), true
		}
	}
	return 0, false
}

// classify says what a match of a rule means, and why.
func (c *Config) classify(tags []string, metas []Meta) (class scanner.Class, n int, why string) {
	n, ok := score(metas)
	source := "score"
	if !ok {
		n = c.DefaultScore
		source = "no score, so"
	}
	for _, m := range metas {
		if class, ok := declaredClass(m); ok {
			return class, n, fmt.Sprintf("meta %s = %q", m.Name, m.Value)
		}
	}
	if why := unwanted(tags, metas); why != "" {
		return scanner.ClassUnwanted, n, why
	}
	switch {
	case n >= c.Malicious:
		return scanner.ClassMalicious, n, fmt.Sprintf("%s %d: malicious from %d", source, n, c.Malicious)
	case n >= c.Suspicious:
		return scanner.ClassSuspicious, n, fmt.Sprintf("%s %d: suspicious from %d", source, n, c.Suspicious)
	}
	return scanner.ClassNotice, n, fmt.Sprintf("%s %d: below %d", source, n, c.Suspicious)
}

// declaredClass returns the class that a meta names outright.
func declaredClass(m Meta) (scanner.Class, bool) {
	text := strings.ToLower(m.Value)
	switch strings.ToLower(m.Name) {
	case "class":
		switch text {
		case "malicious":
			return scanner.ClassMalicious, true
		case "suspicious":
			return scanner.ClassSuspicious, true
		case "unwanted":
			return scanner.ClassUnwanted, true
		case "notice":
			return scanner.ClassNotice, true
		}
	case "action":
		switch text {
		case "block", "reject", "deny", "quarantine":
			return scanner.ClassMalicious, true
		case "alert", "warn", "flag":
			return scanner.ClassSuspicious, true
		case "log", "notice", "allow", "accept", "none":
			return scanner.ClassNotice, true
		}
	}
	return 0, false
}

// unwanted says whether the rule's author files the match under what is no
// malware: by a tag, or by a word of a meta that names a kind. It returns which,
// or "".
func unwanted(tags []string, metas []Meta) string {
	for _, t := range tags {
		if unwantedWord(t) {
			return "tag " + t
		}
	}
	for _, m := range metas {
		switch strings.ToLower(m.Name) {
		case "category", "type", "malware_type", "threat_type", "classification":
			notWord := func(r rune) bool { return !unicode.IsLetter(r) }
			for _, w := range strings.FieldsFunc(m.Value, notWord) {
				if unwantedWord(w) {
					return fmt.Sprintf("meta %s = %q", m.Name, m.Value)
				}
			}
		}
	}
	return ""
}

func unwantedWord(w string) bool {
	switch strings.ToLower(w) {
	case "pua", "pup", "adware", "hacktool", "riskware", "grayware", "greyware", "unwanted":
		return true
	}
	return false
}
