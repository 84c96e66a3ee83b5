package clamav

import (
	"strconv"
	"strings"
)

// body reads a line of .ndb, "name:target:offset:pattern[:least[:most]]".
func (l *loader) body(ln line) (string, fault) {
	f := strings.Split(ln.text, ":")
	name := f[0]
	if len(f) < 4 {
		return name, "not the four fields of a body signature"
	}
	if fault := checkName(name); fault != "" {
		return name, fault
	}
	if ok, fault := levels(f[4:]); !ok {
		return name, fault
	}
	target, err := strconv.Atoi(f[1])
	if err != nil {
		return name, otherTarget
	}
	cond, fault := guard(target)
	if fault != "" {
		return name, fault
	}
	at, fault := parsePlace(f[2], target)
	if fault != "" {
		return name, fault
	}
	p, fault := parsePattern(f[3])
	if fault != "" {
		return name, fault
	}
	if p.byByte && at.from != "" {
		return name, byteAtPlace
	}
	if cond != "" {
		cond += " and "
	}
	ln.source.add(ln, name, []string{"$a = " + p.yara(false)}, cond+at.matches("a"), at.pe, true)
	return name, ""
}

// plain reads a line of .db, "name=hex": a body signature of any file, at any place.
func (l *loader) plain(ln line) (string, fault) {
	name, hex, ok := strings.Cut(ln.text, "=")
	if !ok {
		return name, "not a name and a body signature"
	}
	ln.text = name + ":0:*:" + hex
	return l.body(ln)
}
