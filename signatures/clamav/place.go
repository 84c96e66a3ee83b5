package clamav

import (
	"fmt"
	"strconv"
	"strings"
)

// place is where a pattern must begin, in YARA's terms. The zero value is
// anywhere.
type place struct {
	from  string // an offset, "" is anywhere
	shift int64  // bytes behind from that are allowed too
	guard string // what must hold for from to make sense, "" if nothing
	pe    bool   // it needs the module pe
}

// Faults of places.
const (
	badOffset   fault = "the offset is malformed"
	sections    fault = "an offset that counts from a section"
	otherEntry  fault = "an offset that counts from the entry point of what is not for Windows"
	versionInfo fault = "an offset within the version of a program"
	macroGroup  fault = "a member of a macro group"
	byteAtPlace fault = "an offset of a pattern that begins with a byte and [n-m]"
)

// parsePlace reads an offset: "*", "n", "EOF-n", "EP+n", "EP-n", with ",shift".
func parsePlace(s string, target int) (p place, f fault) {
	if s == "*" || s == "" {
		return p, ""
	}
	base, shift, shifted := strings.Cut(s, ",")
	if shifted {
		n, err := strconv.ParseUint(shift, 10, 31)
		if err != nil {
			return p, badOffset
		}
		p.shift = int64(n)
	}
	number := func(text string) (n uint64) {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			f = badOffset
		}
		return n
	}
	switch {
	case strings.HasPrefix(base, "EOF-"):
		n := number(base[4:])
		p.from, p.guard = fmt.Sprintf("filesize - %d", n), fmt.Sprintf("filesize >= %d", n)
	case strings.HasPrefix(base, "EP+"), strings.HasPrefix(base, "EP-"):
		if target != targetPE {
			return p, otherEntry
		}
		p.from, p.pe = fmt.Sprintf("pe.entry_point %c %d", base[2], number(base[3:])), true
	case strings.HasPrefix(base, "S"):
		return p, sections
	case base == "VI":
		return p, versionInfo
	case strings.HasPrefix(base, "$"):
		return p, macroGroup
	default:
		p.from = strconv.FormatUint(number(base), 10)
	}
	return p, f
}

// matches is the condition that the string called id has a match there.
func (p *place) matches(id string) string {
	switch {
	case p.from == "":
		return "$" + id
	case p.shift == 0:
		return p.guarded(fmt.Sprintf("$%s at %s", id, p.from))
	}
	return p.guarded(fmt.Sprintf("$%s in (%s..%s + %d)", id, p.from, p.from, p.shift))
}

func (p *place) guarded(cond string) string {
	if p.guard == "" {
		return cond
	}
	return "(" + p.guard + " and " + cond + ")"
}

// lacks is the condition that the string called id has no match there.
func (p *place) lacks(id string) string {
	if p.pe {
		return "(not defined pe.entry_point or not " + p.matches(id) + ")" // "not" of what is undefined is not true
	}
	return "not " + p.matches(id)
}
