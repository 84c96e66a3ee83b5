package mime

import (
	"strings"
	"unicode"
)

// bendNames adds what clients and systems make of names that hold what names
// should not: what is seen, saved or run may be another name.
func (e *Entity) bendNames() {
	for _, n := range e.Names {
		if n.Source == FromDescription {
			continue
		}
		for _, v := range e.readings(n.Value) {
			e.addName(Name{Value: v, Raw: n.Raw, Source: n.Source})
		}
	}
}

// readings lists the other readings of a name.
//
// QUIRK: RFC 2183 section 2.3 asks receivers to take a name's last part only, in
// their system's characters. Systems in C end a name at NUL; Windows drops dots and
// blanks at its end; what is not seen is dropped or kept; RFC 2047 and RFC 2231
// encodings are decoded where they have no place; Python and others resolve every
// quoted pair, Outlook none.
func (e *Entity) readings(v string) (all []string) {
	if plainName(v) {
		return nil
	}
	if i := strings.IndexByte(v, 0); i >= 0 {
		e.note(AnomalyOddName)
		all = append(all, v[:i])
	}
	if strings.IndexFunc(v, unseen) >= 0 {
		if strings.IndexFunc(v, func(r rune) bool { return unseen(r) && !joins(r) }) >= 0 {
			e.note(AnomalyOddName)
		}
		all = append(all, strings.Map(func(r rune) rune {
			if unseen(r) {
				return -1
			}
			return r
		}, v))
	}
	if i := strings.LastIndexAny(v, "/\\"); i >= 0 {
		all = append(all, v[i+1:], strings.ReplaceAll(v, "\\", ""))
	}
	if strings.IndexByte(v, '%') >= 0 {
		decoded := string(appendPercent(nil, v))
		if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
			decoded = decodeCharset(parts[0], appendPercent(nil, parts[2]))
		}
		if decoded = decodeRaw(new(Entity), []byte(decoded)); decoded != v {
			e.note(AnomalyOddNameEncoding)
			all = append(all, decoded)
		}
	}
	if i := strings.IndexByte(v, ';'); i >= 0 {
		all = append(all, v[:i])
	}
	for _, s := range append([]string{v}, all...) {
		if trimmed := strings.TrimRightFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) || unseen(r) }); trimmed != s {
			e.note(AnomalyOddName)
			all = append(all, trimmed)
		}
	}
	return all
}

// plainName reports whether a name has nothing that is read in several ways.
func plainName(v string) bool {
	for i := range len(v) {
		switch c := v[i]; {
		case c < ' ', c >= 127, c == '/', c == '\\', c == '%', c == ';':
			return false
		}
	}
	return len(v) == 0 || v[len(v)-1] != '.' && v[len(v)-1] != ' '
}

// joins reports whether a character that is not seen shapes those beside it, as in
// emoji and in Arabic and Indic scripts: honest names have them.
func joins(r rune) bool {
	return r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r)
}

// unseen reports whether a character of a name is not seen: controls, marks of
// direction (UAX #9) and what Unicode calls default ignorable.
func unseen(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r)
}
