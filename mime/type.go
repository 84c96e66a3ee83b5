package mime

import (
	"fmt"
	"strings"
)

// typeList collects what the Content-Type fields declare: one reading for the
// multiparts among them, with all their boundaries, one for the messages and one
// for the other leaf types.
type typeList struct {
	e                    *Entity
	def                  string
	multi, message, leaf *reading
	all                  []*reading
}

// keep adds a reading unless there is one of its kind, and returns that.
func (l *typeList) keep(r reading, as **reading) *reading {
	if *as == nil {
		*as = &r
		l.all = append(l.all, &r)
	}
	return *as
}

// typeReadings lists the types that an entity may have.
func typeReadings(e *Entity, h *header, digest bool) []reading {
	l := typeList{e: e, def: "text/plain"} // RFC 2045 section 5.2
	if digest {
		l.def = "message/rfc822" // RFC 2046 section 5.1.5
	}
	if len(h.types) == 0 {
		return []reading{{mediaType: l.def, params: map[string]string{}}}
	}
	for _, f := range h.types[:min(len(h.types), maxTypes)] {
		l.field(f)
	}
	if l.multi != nil {
		b := &l.multi.bounds
		if stray := dispositionBoundaries(h); len(stray) > 0 {
			e.note(AnomalyStrayBoundary)
			b.declared(stray)
		}
		for _, f := range h.types[:min(len(h.types), maxTypes)] {
			b.derive(f)
			for _, bent := range bentValues(f) {
				b.derive(bent)
			}
		}
		switch {
		case len(b.list) == 0:
			// QUIRK: RFC 2046 section 5.1.1 requires the parameter. Python's email
			// package takes what lacks it for text.
			l.keep(reading{mediaType: l.def, params: l.multi.params}, &l.leaf)
		case b.list[0].label != "":
			e.note(AnomalyBoundaryVariant)
		}
	}
	if len(h.types) > 1 {
		e.note(AnomalyDuplicateType)
	}
	if len(h.types) > maxTypes {
		e.fault(&LimitError{Limit: "readings", Max: maxTypes})
	}
	return l.readings()
}

// maxTypes bounds the Content-Type fields that are read.
const maxTypes = 64

// field adds what one Content-Type declares.
func (l *typeList) field(f string) {
	word, params, odd := scanParams(f)
	if odd {
		l.e.note(AnomalyBadParameter)
	}
	r := reading{mediaType: word}
	var boundaries []string
	r.params, boundaries = joinParams(params)
	valid := validType(word)
	if !valid {
		l.e.note(AnomalyBadType)
		r.mediaType = l.def
	}
	if valid && strings.HasPrefix(word, "multipart/") {
		r.multipart = true
		l.bound(r, boundaries)
		if odd {
			// QUIRK: RFC 2045 section 5.1. Python's email package and MIME-tools find
			// no boundary in a field that breaks the grammar, and take it for text.
			l.keep(reading{mediaType: l.def, params: r.params}, &l.leaf)
		}
		return
	}
	if word == "x-sun-attachment" {
		// QUIRK: no RFC. Sun's mailtool, before MIME, wrote lines of ten dashes
		// between parts; Thunderbird reads it.
		l.e.note(AnomalySun)
		l.keep(r, &l.leaf)
		r.multipart, r.mediaType = true, "multipart/mixed"
		l.bound(r, []string{"--------"})
		return
	}
	as := &l.leaf
	if isMessageType(r.mediaType) {
		as = &l.message
	}
	l.keep(r, as)
	if valid && !strings.ContainsAny(f, "(%?\x00") {
		if indexFold(f, "multipart") < 0 && indexFold(f, "boundary") < 0 {
			return // most
		}
	}
	if !mentionsMultipart(f) {
		return
	}
	// QUIRK: RFC 2045 section 5.1. Parsers that search the value, skip what they
	// do not know, or compare the beginning only, split it.
	if valid {
		l.e.note(AnomalyStrayBoundary)
	}
	r.mediaType, r.multipart = "multipart/mixed", true
	l.bound(r, boundaries)
}

// bound adds a multipart with the boundaries that one field declares.
func (l *typeList) bound(r reading, boundaries []string) {
	m := l.keep(r, &l.multi)
	m.bounds.declared(boundaries)
	if len(boundaries) > 1 || len(m.bounds.list) > len(boundaries) {
		l.e.note(AnomalyDuplicateBoundary)
	}
}

func (l *typeList) readings() []reading {
	out := make([]reading, len(l.all))
	for i, r := range l.all {
		out[i] = *r
		switch {
		case len(l.all) == 1:
		case r.multipart:
			out[i].label = "type=multipart"
		case r == l.message:
			out[i].label = "type=message"
		default:
			out[i].label = "type=leaf"
		}
	}
	return out
}

// mentionsMultipart reports whether a Content-Type that is none of a multipart
// may be taken for one.
func mentionsMultipart(f string) bool {
	for _, s := range append(bentValues(f), f) {
		s = strings.Map(func(c rune) rune {
			if c <= ' ' || c == '"' {
				return -1
			}
			return c
		}, lower(s))
		if strings.Contains(s, "multipart") || strings.Contains(s, "boundary=") || strings.Contains(s, "boundary*") {
			return true
		}
	}
	return false
}

// dispositionBoundaries returns the boundaries that stand in the wrong field.
func dispositionBoundaries(h *header) (all []string) {
	for _, f := range h.disps[:min(len(h.disps), maxTypes)] {
		_, list, _ := scanParams(f)
		_, boundaries := joinParams(list)
		all = append(all, boundaries...)
	}
	return all
}

// validType reports whether s is type/subtype.
func validType(s string) bool {
	major, minor, ok := strings.Cut(s, "/")
	if !ok || major == "" || minor == "" || strings.ContainsAny(s, "\"'()<>=?%,:\x00") {
		return false
	}
	return !strings.HasPrefix(major, "multipart") || major == "multipart"
}

// isMessageType reports whether clients read a body of this type as a message.
func isMessageType(mediaType string) bool {
	switch mediaType {
	case "message/rfc822", "message/global", "message/news", "message/partial":
		return true
	}
	return false
}

// textual reports whether text may stand in a body of this type.
func textual(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || isBinHexType(mediaType) ||
		strings.HasPrefix(mediaType, "message/") && mediaType != "message/rfc822" && mediaType != "message/global"
}

// composite notes what of a message type is not in the entity.
func (e *Entity) composite() {
	switch e.MediaType {
	case "message/partial":
		if number, total := e.Params["number"], e.Params["total"]; number != "1" || total != "1" {
			e.note(AnomalyPartial)
			e.fault(fmt.Errorf("%w: part %.10q of %.10q of a message/partial, the others are not here", errPartial, number, total))
		}
	case "message/external-body":
		e.note(AnomalyExternal)
		e.fault(errExternal)
	}
}

var (
	errPartial  = fmt.Errorf("mime: %w", ErrUnsupported)
	errExternal = fmt.Errorf("mime: %w: message/external-body: the content is elsewhere", ErrUnsupported)
)
