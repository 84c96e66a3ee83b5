package clamav

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Faults of logical signatures.
const (
	badLogical    fault = "not the fields of a logical signature"
	badTarget     fault = "the description of the target is malformed"
	regular       fault = "a regular expression"
	byteCompare   fault = "a comparison of bytes"
	imageHash     fault = "a hash of an image"
	macro         fault = "a macro"
	modifiers     fault = "modifiers that do not go together with this pattern"
	otherTargets  fault = "a description of the target by icons, handlers or all that it came out of"
	tooManyParts  fault = "more than 64 patterns"
	countsOfVague fault = "counts of a pattern whose matches differ in length"
)

// maxParts is how many patterns a logical signature has at most.
const maxParts = 64

// logical reads a line of .ldb, "name;target description;expression;pattern;…".
func (l *loader) logical(ln line) (string, fault) {
	f := strings.Split(ln.text, ";")
	name := f[0]
	switch {
	case len(f) < 4:
		return name, badLogical
	case len(f)-3 > maxParts:
		return name, tooManyParts
	}
	if fault := checkName(name); fault != "" {
		return name, fault
	}
	d, fault := describe(f[1])
	if fault != "" {
		return name, fault
	}
	parts := make([]part, len(f)-3)
	for i, text := range f[3:] {
		if parts[i], fault = parsePart(text, i, d.target); fault != "" {
			return name, fault
		}
	}
	e, fault := parseExpression(f[2], parts)
	if fault != "" {
		return name, fault
	}
	var strs []string
	pe := d.pe
	for i := range parts {
		if parts[i].used {
			strs = append(strs, parts[i].text)
			pe = pe || parts[i].place.pe
		}
	}
	ln.source.add(ln, name, strs, strings.Join(append(d.conditions, e.condition), " and "), pe, false)
	return name, ""
}

// description is what a logical signature says of the files it is for.
type description struct {
	target     int
	conditions []string
	pe         bool
}

// describe reads "Engine:51-255,Target:1,FileSize:10-20".
func describe(text string) (d description, f fault) {
	met := false
	for _, item := range strings.Split(text, ",") {
		key, value, _ := strings.Cut(item, ":")
		var what string
		switch key {
		case "Engine":
			if ok, f := engineRange(value); !ok {
				return d, f
			}
			continue
		case "Target":
			n, err := strconv.Atoi(value)
			if err != nil {
				return d, badTarget
			}
			cond, f := guard(n)
			if f != "" {
				return d, f
			}
			d.target, met = n, true
			if cond != "" {
				d.conditions = append(d.conditions, cond)
			}
			continue
		case "FileSize":
			what = "filesize"
		case "EntryPoint":
			what, d.pe = "pe.entry_point", true
		case "NumberOfSections":
			what, d.pe = "pe.number_of_sections", true
		case "Container":
			cond, ok := cameOut[value]
			if !ok {
				return d, otherContainer
			}
			d.conditions = append(d.conditions, cond)
			continue
		case "Intermediates", "IconGroup1", "IconGroup2", "HandlerType":
			return d, otherTargets
		default:
			return d, badTarget
		}
		from, to, ok := bounds(value)
		if !ok {
			return d, badTarget
		}
		d.conditions = append(d.conditions, fmt.Sprintf("%s >= %d and %s <= %d", what, from, what, to))
	}
	switch {
	case !met:
		return d, badTarget
	case d.pe && d.target != targetPE:
		return d, otherEntry
	}
	return d, ""
}

// cameOut are the conditions for what an object was unpacked from.
var cameOut = map[string]string{
	"CL_TYPE_ZIP": `mail_container == "zip"`,
	"CL_TYPE_RAR": `mail_container == "rar"`, "CL_TYPE_7Z": `mail_container == "7z"`, "CL_TYPE_ARJ": `mail_container == "arj"`,
	"CL_TYPE_MSCAB": `mail_container == "cab"`, "CL_TYPE_POSIX_TAR": `mail_container == "tar"`, "CL_TYPE_OLD_TAR": `mail_container == "tar"`,
	"CL_TYPE_GZ": `mail_container == "gzip"`, "CL_TYPE_BZ": `mail_container == "bzip2"`, "CL_TYPE_XZ": `mail_container == "xz"`,
	"CL_TYPE_PDF": `mail_container == "pdf"`, "CL_TYPE_RTF": `mail_container == "rtf"`, "CL_TYPE_ISO9660": `mail_container == "iso"`,
}

// bounds reads "n-m".
func bounds(s string) (from, to uint64, ok bool) {
	a, b, ok := strings.Cut(s, "-")
	from, err := strconv.ParseUint(a, 10, 32)
	to, err2 := strconv.ParseUint(b, 10, 32)
	return from, to, ok && err == nil && err2 == nil
}

// engineRange reads the functionality levels "n-m".
func engineRange(s string) (bool, fault) {
	from, to, ok := bounds(s)
	switch {
	case !ok:
		return false, badTarget
	case from > functionalityLevel || to < functionalityLevel:
		return false, otherVersion
	}
	return true, ""
}

// engineLevels finds the functionality levels in a description of the target.
func engineLevels(text string) (bool, fault) {
	for _, item := range strings.Split(text, ",") {
		if value, ok := strings.CutPrefix(item, "Engine:"); ok {
			return engineRange(value)
		}
	}
	return true, ""
}

// part is one pattern of a logical signature.
type part struct {
	id    string // of its string in the rule
	text  string // definition of it
	place place
	fixed bool // its matches can be counted
	used  bool
}

// parsePart reads "[offset:]pattern[::modifiers]".
func parsePart(s string, n, target int) (p part, f fault) {
	switch {
	case strings.HasPrefix(s, "fuzzy_img#"):
		return p, imageHash
	case strings.HasPrefix(s, "${"):
		return p, macro
	case strings.Contains(s, "/"):
		return p, regular
	case strings.Contains(s, "#"):
		return p, byteCompare
	}
	hex, flags, _ := strings.Cut(s, "::")
	if offset, rest, ok := strings.Cut(hex, ":"); ok {
		if p.place, f = parsePlace(offset, target); f != "" {
			return p, f
		}
		hex = rest
	}
	pat, f := parsePattern(hex)
	switch {
	case f != "":
		return p, f
	case pat.byByte && p.place.from != "":
		return p, byteAtPlace
	}
	p.id, p.fixed = fmt.Sprintf("s%d", n), pat.fixed
	def, f := pat.define(flags)
	p.text = "$" + p.id + " = " + def
	return p, f
}

// maxText is the longest pattern that is written as text, in bytes.
const maxText = 2048

// define writes the pattern as a string of YARA under modifiers: i for either
// case, w for UTF-16, a for bytes as they are, f for whole words.
func (p *pattern) define(flags string) (string, fault) {
	if strings.Trim(flags, "iwaf") != "" {
		return "", modifiers
	}
	has := func(c string) bool { return strings.Contains(flags, c) }
	switch {
	case !has("w") && !has("f") && (!p.plain || !has("i") || len(p.tokens) > maxText):
		return p.yara(has("i")), ""
	case !p.plain && has("w") && !has("f") && p.widens():
		wide := p.wide()
		if has("a") {
			wide.tokens = []token{{kind: alternatives, alts: [][]token{p.tokens, wide.tokens}}}
		}
		return wide.yara(has("i")), ""
	case !p.plain || len(p.tokens) > maxText || has("f") && has("w"):
		return "", modifiers
	}
	def := p.text()
	for _, m := range []struct{ flag, word string }{{"i", " nocase"}, {"w", " wide"}, {"f", " fullword"}} {
		if has(m.flag) {
			def += m.word
		}
	}
	if has("w") && has("a") {
		def += " ascii"
	}
	return def, ""
}

// uniqueIDs returns the ids as a list of YARA strings, each once.
func uniqueIDs(ids []string) (list string, n int) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return "($" + strings.Join(ids, ", $") + ")", len(ids)
}
