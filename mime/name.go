package mime

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// describe fills e's disposition and names from its header.
func (e *Entity) describe(h *header) {
	for i, f := range h.disps {
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
	for _, f := range h.types {
		_, list, _ := scanParams(f)
		e.addNames(list, "name", FromType)
		e.addNames(list, "filename", FromType)
	}
	if len(e.Names) > 1 {
		e.note(AnomalyNames)
	}
	for _, f := range h.descs {
		// QUIRK: RFC 2045 section 8 has a description here. Outlook writes the
		// file's name, and mutt shows it in place of one.
		if len(f) > 0 && len(f) <= maxDescription {
			e.addName(Name{Value: decodeWords(e, f), Raw: f, Source: FromDescription})
		}
	}
}

// addNames adds every value that the parameters give the attribute: the extended
// ones of RFC 2231 first, as clients that know them prefer them (RFC 6266 section
// 4.3 says so for HTTP), then the plain ones.
func (e *Entity) addNames(list []param, attribute string, from NameSource) {
	if raw, value, ok := extended(list, attribute); ok {
		e.addName(Name{Value: value, Raw: raw, Source: from})
	}
	for _, p := range list {
		if p.name == attribute && p.value != "" {
			e.addName(Name{Value: decodeWords(e, p.value), Raw: p.value, Source: from})
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
	if len(e.Names) >= maxNames || slices.ContainsFunc(e.Names, func(o Name) bool { return o.Value == n.Value }) {
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

// extended joins and decodes the RFC 2231 form of a parameter.
//
// QUIRK: RFC 2231 section 3 numbers segments from 0 without gaps and has the
// charset in the first; order, gaps and a missing charset are tolerated.
func extended(list []param, attribute string) (raw, value string, ok bool) {
	var segs []segment
	for _, p := range list {
		rest, found := strings.CutPrefix(p.name, attribute+"*")
		if !found {
			continue
		}
		rest, encoded := strings.CutSuffix(rest, "*")
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
	if len(segs) == 0 {
		return "", "", false
	}
	slices.SortStableFunc(segs, func(a, b segment) int { return a.index - b.index })
	if segs[0].index < 0 {
		segs = segs[:1] // "name*" is complete; segments beside it are another try
	}
	charset := ""
	var all []byte
	var rawAll strings.Builder
	for i, s := range segs {
		if i > 0 && s.index == segs[i-1].index {
			continue
		}
		rawAll.WriteString(s.value)
		v := s.value
		if !s.encoded {
			all = append(all, v...)
			continue
		}
		if i == 0 {
			if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
				charset, v = parts[0], parts[2]
			}
		}
		all = appendPercent(all, v)
	}
	if charset == "" && strings.Contains(string(all), "=?") {
		var e Entity
		return rawAll.String(), decodeWords(&e, string(all)), true
	}
	return rawAll.String(), decodeCharset(charset, all), true
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
