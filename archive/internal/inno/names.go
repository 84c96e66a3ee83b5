package inno

import (
	"bytes"
	"encoding/binary"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// fileLayout is how the entries that name files are laid out: some strings, each behind
// its length; what there is up to the number of the location; and what is behind it.
type fileLayout struct {
	since               version
	lead, strings, skip int
	tail                int
}

// Versions of Windows that an entry is for, in bytes: up to 1.3.18, and later.
const (
	oldSystems = 8
	systems    = 20
)

// What stands behind the location: attributes, external size, and from some version on
// each of copy mode, permissions, bitness; flags; type.
var fileLayouts = [...]fileLayout{
	{70000, 0, 16, 32 + 1 + systems, 4 + 8 + 2 + 1 + 8 + 1},
	{60700, 0, 16, 32 + 1 + systems, 4 + 8 + 2 + 8 + 1},
	{60500, 0, 16, 32 + 1 + systems, 4 + 8 + 2 + 5 + 1},
	{50205, 0, 10, systems, 4 + 8 + 2 + 4 + 1},
	{40100, 0, 9, systems, 4 + 8 + 2 + 4 + 1},
	{40001, 0, 7, systems, 4 + 8 + 4 + 1},
	{40000, 0, 6, systems, 4 + 8 + 4 + 1},
	{30005, 0, 5, systems, 4 + 4 + 4 + 1},
	{30005, 0, 6, systems, 4 + 4 + 4 + 1}, // extended
	{20000, 0, 5, systems, 4 + 4 + 1 + 2 + 1},
	{20000, 0, 6, systems, 4 + 4 + 1 + 2 + 1}, // extended
	{10319, 0, 3, systems, 4 + 4 + 1 + 2 + 1},
	{10319, 0, 5, systems, 4 + 4 + 1 + 2 + 1}, // extended
	{10300, 0, 3, oldSystems, 4 + 4 + 1 + 2 + 1},
	{10300, 0, 4, oldSystems, 4 + 4 + 1 + 2 + 1}, // extended
	{0, 4, 3, oldSystems, 4 + 4 + 1 + 2 + 1},
	{0, 4, 3, oldSystems, 4 + 1 + 2 + 1}, // for Windows 3.1: half of the number are attributes
}

// fileEntry is an entry that names a file.
type fileEntry struct {
	name     []byte // where it is installed
	location uint32
	special  bool // what Setup makes itself; the location may be that of another file
	end      int
}

// maxName is the longest string of an entry, in bytes.
const maxName = 64 << 10

// noLocation is that of a file that is not in the setup.
const noLocation = 1<<32 - 1

// read reads the entry that begins at an offset.
func (l *fileLayout) read(b []byte, at int, locations int) (e fileEntry, ok bool) {
	at += l.lead
	for i := range l.strings {
		if len(b)-at < 4 {
			return e, false
		}
		n := binary.LittleEndian.Uint32(b[at:])
		at += 4
		if n > maxName || int(n) > len(b)-at {
			return e, false
		}
		if i == 1 {
			e.name = b[at : at+int(n)]
		}
		at += int(n)
	}
	at += l.skip
	e.end = at + 4 + l.tail
	if e.end > len(b) {
		return e, false
	}
	e.location = binary.LittleEndian.Uint32(b[at:])
	e.special = b[e.end-1] > 0
	return e, (len(e.name) > 0 || e.special) && (e.location < uint32(locations) || e.location == noLocation) && b[e.end-1] <= 2
}

// fileNames are the names of each of some locations. The entries are found as the row
// that names most of them: what stands before it differs by version more than they do.
func fileNames(head []byte, v version, locations int, work *work) [][]string {
	names := make([][]string, locations)
	if locations == 0 {
		return names
	}
	var best *fileLayout
	rows := map[int]int{}
	start, most, weight := 0, 0, 0
	for pass := range 2 {
		for i := range fileLayouts {
			l := &fileLayouts[i]
			// The most that an offset takes is a step for each string.
			if l.own(v) != (pass == 0) || !work.spend(int64(len(head))*int64(1+l.strings/4)) {
				continue
			}
			clear(rows)
			at, n := l.longest(head, locations, rows)
			if named := l.distinct(head, at, locations); named > most || named == most && n > weight {
				best, start, most, weight = l, at, named, n
			}
		}
		if most >= (locations+1)/2 {
			break
		}
	}
	if best == nil {
		return names
	}
	for at := start; ; {
		e, ok := best.read(head, at, locations)
		if !ok {
			return names
		}
		at = e.end
		if e.location == noLocation || e.special && len(names[e.location]) > 0 {
			continue
		}
		if name := decodeName(e.name); name != "" && len(names[e.location]) < level.MaxNames {
			names[e.location] = append(names[e.location], name)
		}
	}
}

// own says whether a layout is the one of a version; each is, of one that is not known.
func (l *fileLayout) own(v version) bool {
	if v == 0 {
		return true
	}
	since := version(0)
	for i := range fileLayouts {
		if s := fileLayouts[i].since; s <= v {
			since = max(since, s)
		}
	}
	return l.since == since
}

// longest is where the row of entries begins for which most speaks, and how many there
// are. An entry is read once, wherever a row begins; rows is for what is known of them.
func (l *fileLayout) longest(b []byte, locations int, rows map[int]int) (start, most int) {
	for at := len(b) - 1; at >= 0 && len(rows) < maxRows; at-- {
		e, ok := l.read(b, at, locations)
		if !ok {
			continue
		}
		n := rows[e.end] + 1
		if bytes.ContainsAny(e.name, `{\`) {
			n += pathWeight - 1 // as nearly all paths have
		}
		rows[at] = n
		if n >= most {
			start, most = at, n
		}
	}
	return start, most
}

// distinct is the number of locations that a row names.
func (l *fileLayout) distinct(b []byte, at, locations int) (n int) {
	named := make([]bool, locations)
	for {
		e, ok := l.read(b, at, locations)
		if !ok {
			return n
		}
		if at = e.end; e.location != noLocation && !named[e.location] {
			named[e.location] = true
			n++
		}
	}
}

// pathWeight is how many entries one with a path speaks for.
const pathWeight = 4

// maxRows is how many entries are looked at.
const maxRows = 1 << 18

// decodeName reads a name in UTF-16, which has a NUL in each character that paths begin
// with, or in the system's encoding.
func decodeName(raw []byte) string {
	if len(raw)%2 == 0 && bytes.IndexByte(raw, 0) >= 0 {
		return text.UTF16(raw)
	}
	return text.DecodeANSI(raw, text.CodePage(0))
}
