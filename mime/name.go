package mime

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// describe fills e's disposition and names from its header.
func (e *Entity) describe(h *header) {
	for i, f := range h.disps[:min(len(h.disps), maxNames)] {
		word, list, odd := scanParams(f)
		if odd {
			e.note(AnomalyBadParameter)
		}
		if i == 0 {
			e.Disposition = word
		}
		e.addNames(list, "filename", FromDisposition)
		e.addNames(list, "name", FromDisposition)
	}
	for _, f := range h.types[:min(len(h.types), maxNames)] {
		_, list, _ := scanParams(f)
		e.addNames(list, "name", FromType)
		e.addNames(list, "filename", FromType)
	}
	if len(e.Names) > 1 {
		e.note(AnomalyNames)
	}
	e.bendFields(h.disps, FromDisposition)
	e.bendFields(h.types, FromType)
	for _, f := range h.descs[:min(len(h.descs), maxNames)] {
		// QUIRK: RFC 2045 section 8 has a description here. Outlook writes the
		// file's name, and mutt shows it in place of one.
		if len(f) > 0 && len(f) <= maxDescription {
			e.addName(Name{Value: decodeWords(e, f), Raw: f, Source: FromDescription})
		}
	}
	e.bendNames()
}

// bendFields adds the names that readers find in a field if they resolve comments,
// encoded-words, percent signs or NULs in all of it.
func (e *Entity) bendFields(fields []string, from NameSource) {
	for _, f := range fields[:min(len(fields), maxNames)] {
		for _, bent := range bentValues(f) {
			_, list, _ := scanParams(bent)
			e.addNames(list, "name", from)
			e.addNames(list, "filename", from)
		}
	}
}

// addNames adds every value that the parameters give the attribute: the extended
// ones of RFC 2231 first, as clients that know them prefer them (RFC 6266 section
// 4.3 says so for HTTP), then the plain ones.
func (e *Entity) addNames(list []param, attribute string, from NameSource) {
	segs := segments(list, attribute)
	for _, s := range segmentReadings(segs) {
		raw, value := joinSegments(s)
		e.addName(Name{Value: value, Raw: raw, Source: from})
	}
	for _, p := range list {
		if p.name != attribute || p.value == "" {
			continue
		}
		e.addName(Name{Value: decodeWords(e, p.value), Raw: p.value, Source: from})
		if p.also != "" {
			e.addName(Name{Value: decodeWords(e, p.also), Raw: p.also, Source: from})
		}
	}
}

// maxDescription is the longest description that is taken for a name, in bytes:
// file systems end there.
const maxDescription = 255

// maxNames bounds the names of one entity: past a handful they are an attack on
// whoever compares them.
const maxNames = 64

func (e *Entity) addName(n Name) {
	if n.Value == "" || slices.ContainsFunc(e.Names, func(o Name) bool { return o.Value == n.Value }) {
		return
	}
	if len(e.Names) >= maxNames {
		e.fault(&LimitError{Limit: "names", Max: maxNames})
		return
	}
	e.Names = append(e.Names, n)
}

// segment is one piece of a parameter in continuations (RFC 2231 section 3).
type segment struct {
	index   int
	encoded bool
	value   string
}

// segments lists the pieces of a parameter that are in the form of RFC 2231.
func segments(list []param, attribute string) (segs []segment) {
	for _, p := range list {
		rest, found := strings.CutPrefix(p.name, attribute)
		if !found || rest == "" || rest[0] != '*' {
			continue
		}
		rest, encoded := strings.CutSuffix(rest[1:], "*")
		index := -1
		if rest == "" {
			encoded = true
		} else if n, err := strconv.Atoi(rest); err == nil && n >= 0 {
			index = n
		} else {
			continue
		}
		segs = append(segs, segment{index, encoded, p.value})
	}
	return segs
}

// segmentReadings lists what clients join: "name*" alone, the segments by their
// numbers, in the order in which they stand, and up to a gap.
//
// QUIRK: RFC 2231 section 3 numbers segments from 0 without gaps, in any order, and
// has no two of a number. Clients differ on all of it.
func segmentReadings(segs []segment) (all [][]segment) {
	add := func(list []segment) {
		if len(list) > 0 && !slices.ContainsFunc(all, func(o []segment) bool { return slices.Equal(o, list) }) {
			all = append(all, list)
		}
	}
	var numbered []segment
	for _, s := range segs {
		if s.index < 0 {
			add([]segment{s})
			continue
		}
		numbered = append(numbered, s)
	}
	ordered := slices.Clone(numbered)
	slices.SortStableFunc(ordered, func(a, b segment) int { return a.index - b.index })
	once := slices.CompactFunc(slices.Clone(ordered), func(a, b segment) bool { return a.index == b.index })
	add(once)
	if len(once) < len(ordered) {
		slices.Reverse(numbered)
		last := slices.Clone(numbered)
		slices.SortStableFunc(last, func(a, b segment) int { return a.index - b.index })
		add(slices.CompactFunc(last, func(a, b segment) bool { return a.index == b.index }))
		slices.Reverse(numbered)
	}
	add(numbered)
	for i := 1; i < len(once); i++ {
		if once[i].index != once[i-1].index+1 {
			add(once[:i]) // up to the gap
			break
		}
	}
	return all
}

// extended joins and decodes the RFC 2231 form of a parameter as most clients do.
func extended(list []param, attribute string) (raw, value string, ok bool) {
	all := segmentReadings(segments(list, attribute))
	if len(all) == 0 {
		return "", "", false
	}
	raw, value = joinSegments(all[0])
	return raw, value, true
}

// joinSegments joins and decodes segments.
//
// QUIRK: RFC 2231 section 4 has the charset in the first segment; it may be missing.
func joinSegments(segs []segment) (raw, value string) {
	charset := ""
	var all []byte
	var rawAll strings.Builder
	for i, s := range segs {
		rawAll.WriteString(s.value)
		v := s.value
		if !s.encoded {
			all = append(all, v...)
			continue
		}
		if parts := strings.SplitN(v, "'", 3); len(parts) == 3 && (i == 0 || charset == "" || parts[0] == charset) {
			charset, v = parts[0], parts[2]
		}
		all = appendPercent(all, v)
	}
	if charset == "" && strings.Contains(string(all), "=?") {
		return rawAll.String(), decodeWords(new(Entity), string(all))
	}
	return rawAll.String(), decodeCharset(charset, all)
}

// appendPercent appends v with its %XX decoded.
func appendPercent(dst []byte, v string) []byte {
	for i := 0; i < len(v); i++ {
		if v[i] == '%' && i+2 < len(v) && hexValue[v[i+1]]|hexValue[v[i+2]] < 16 {
			dst = append(dst, hexValue[v[i+1]]<<4|hexValue[v[i+2]])
			i += 2
			continue
		}
		dst = append(dst, v[i])
	}
	return dst
}

// decodeRaw reads bytes that declare no charset: UTF-8 if valid, else
// windows-1252, which is what clients in the West did.
func decodeRaw(e *Entity, b []byte) string {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			e.note(AnomalyRawName)
			return decodeCharset("", b)
		}
	}
	return string(b)
}

// joinParams turns a list of parameters into a map, the first of a name winning,
// and lists the distinct boundaries.
func joinParams(list []param) (m map[string]string, boundaries []string) {
	m = make(map[string]string, len(list))
	for _, p := range list {
		if _, dup := m[p.name]; !dup {
			m[p.name] = p.value
		}
		if p.name == "boundary" && !slices.Contains(boundaries, p.value) {
			boundaries = append(boundaries, p.value)
		}
	}
	for _, p := range list {
		base, _, found := strings.Cut(p.name, "*")
		if !found || base == "" {
			continue
		}
		if _, done := m[p.name]; !done {
			continue // an earlier segment stood for all of them
		}
		_, value, ok := extended(list, base)
		if !ok {
			continue
		}
		if _, dup := m[base]; !dup {
			m[base] = value
		}
		if base == "boundary" && !slices.Contains(boundaries, value) {
			boundaries = append(boundaries, value)
		}
		for _, q := range list {
			if strings.HasPrefix(q.name, base+"*") {
				delete(m, q.name)
			}
		}
	}
	return m, boundaries
}
