package mime

import (
	"slices"
	"strconv"
	"strings"
)

// reading is one way to take an entity: its type, and how its body is decoded.
type reading struct {
	label     string // "" where the entity has one reading
	mediaType string
	params    map[string]string
	encoding  string
	multipart bool
	bounds    variants // of a multipart: readings of its boundary, none if it declares none
}

// candidate is one entity in one reading, before it begins.
type candidate struct {
	e     Entity
	r     reading
	start []byte // of the body, where this reading has it start in the header
}

// openEntity begins the entity that h describes, in all its readings, and
// directs the body to them.
//
// Readings of a multipart multiply with those of its parts: Limits.Readings
// holds for their product, so that no byte is read more often than that.
func (s *stream) openEntity(h header) error {
	room := max(1, s.w.limits.Readings/(s.p.readings*len(s.p.streams)))
	all := s.candidates(&h, "", nil)
	if h.early != nil {
		// QUIRK: RFC 5322 section 2.2. Thunderbird and Outlook skip a line that is
		// no field, mutt and Python's email package take it for the body's first.
		for i := range all {
			all[i].r.label = withLabel("header=long", all[i].r.label)
		}
		all = append(all, s.candidates(h.early, "header=short", h.earlyBody)...)
	}
	if len(all) > room {
		all = all[:room]
		all[0].e.fault(&LimitError{Limit: "readings", Max: int64(s.w.limits.Readings)})
	}
	if len(all) == 1 {
		s.openOnly(&all[0])
		return nil
	}
	var to fanOut
	for i := range all {
		c := &all[i]
		c.e.Reading = withLabel(c.e.Reading, c.r.label)
		one := s.openReading(&c.e, c.r, len(all))
		if one == nil {
			continue
		}
		to = append(to, one)
		if err := one.write(c.start); err != nil {
			return err
		}
	}
	s.startBody(to)
	return nil
}

// candidates lists the readings that one header admits.
func (s *stream) candidates(h *header, label string, start []byte) []candidate {
	parent, path := s.place()
	base := Entity{Path: path, Parent: parent, Header: h.message, Anomalies: h.anomalies}
	if parent != nil {
		base.Depth = parent.Depth + 1
		base.Reading = s.reading(parent)
	}
	if h.cut {
		base.fault(&LimitError{Limit: "header", Max: int64(s.w.limits.HeaderBytes)})
	}
	base.describe(h)
	list := readings(&base, h, s.digest())
	all := make([]candidate, len(list))
	for i, r := range list {
		r.label = withLabel(label, r.label)
		all[i] = candidate{e: base, r: r, start: start}
		all[i].e.Anomalies = slices.Clone(base.Anomalies)
	}
	return all
}

// openOnly begins the only reading of an entity. A multipart that needs no
// decoding is split here, so that its delimiters stand on the stack.
func (s *stream) openOnly(c *candidate) {
	e, r := &c.e, c.r
	if !r.multipart || !identity(r.encoding) || !s.mayNest(e) {
		s.startBody(s.openReading(e, r, 1))
		return
	}
	r.fill(e)
	if _, ok := s.w.begin(e); !ok {
		s.startBody(nil)
		return
	}
	s.push(r.frame(e))
}

// openReading begins one of n readings of an entity; nil if the message has no
// room.
func (s *stream) openReading(e *Entity, r reading, n int) sink {
	if r.multipart && !s.mayNest(e) {
		r.multipart = false
	}
	r.fill(e)
	if !r.multipart {
		if e.Parent == nil {
			e.Path = "1"
		}
		l := newLeaf(s.w, e, textual(e.MediaType))
		if l == nil {
			return nil
		}
		return decoderFor(r.encoding, e, l)
	}
	if _, ok := s.w.begin(e); !ok {
		return nil
	}
	sub := newParse(s.w, e, s.p.readings*len(s.p.streams)*n)
	sub.main().lf = s.lf
	sub.main().push(r.frame(e))
	return decoderFor(r.encoding, e, sub)
}

// mayNest reports whether a multipart may be split at e's depth; if not, e bears
// the fault.
func (s *stream) mayNest(e *Entity) bool {
	if e.Depth < s.w.limits.Depth {
		return true
	}
	e.fault(&LimitError{Limit: "depth", Max: int64(s.w.limits.Depth)})
	return false
}

// place is where the next entity stands.
func (s *stream) place() (parent *Entity, path string) {
	if len(s.frames) == 0 {
		return s.parent, ""
	}
	f := &s.frames[len(s.frames)-1]
	return f.e, below(f.e.Path, strconv.Itoa(f.parts))
}

func (s *stream) digest() bool {
	return len(s.frames) > 0 && s.frames[len(s.frames)-1].digest
}

// fill completes e with what the reading says.
func (r *reading) fill(e *Entity) {
	e.Kind = Leaf
	if r.multipart {
		e.Kind = Multipart
		if len(r.bounds) == 0 {
			e.note(AnomalyMissingBoundary)
		} else if len(r.bounds[0].boundary) > 70 {
			e.note(AnomalyLongBoundary)
		}
	}
	e.MediaType, e.Params, e.Encoding = r.mediaType, r.params, r.encoding
}

func (r *reading) frame(e *Entity) frame {
	f := frame{multipart: &multipart{e: e, digest: r.mediaType == "multipart/digest"}}
	if len(r.bounds) == 0 {
		f.guess = true
		return f
	}
	f.boundary, f.label = r.bounds[0].boundary, r.bounds[0].label
	f.others = r.bounds[1:]
	return f
}

// readings lists the ways to take the entity, the likeliest first.
func readings(e *Entity, h *header, digest bool) (all []reading) {
	types := typeReadings(e, h, digest)
	encs := encodingReadings(e, h.encodings)
	for _, t := range types {
		tried := encs
		if t.multipart && len(encs) == 1 && !identity(encs[0]) {
			// QUIRK: RFC 2045 section 6.4 forbids to encode a multipart. Senders
			// that label one so mostly did not encode it; MIME::Tools, Outlook and
			// others decode it, Thunderbird does not.
			e.note(AnomalyEncodedMultipart)
			tried = []string{encs[0], "7bit"}
		}
		for _, enc := range tried {
			if len(all) == maxReadings {
				return all
			}
			r := t
			r.encoding = enc
			if len(tried) > 1 {
				r.label = withLabel(r.label, "cte="+enc)
			}
			all = append(all, r)
		}
	}
	return all
}

// maxReadings bounds the list of readings; Limits.Readings bounds those taken.
const maxReadings = 1024

// typeReadings lists what the Content-Type fields declare: one reading for the
// multiparts among them, with all their boundaries, and one for the leaf types.
func typeReadings(e *Entity, h *header, digest bool) []reading {
	def := "text/plain" // RFC 2045 section 5.2
	if digest {
		def = "message/rfc822" // RFC 2046 section 5.1.5
	}
	if len(h.types) == 0 {
		return []reading{{mediaType: def, params: map[string]string{}}}
	}
	var multi, leaf *reading
	var all []*reading
	keep := func(r reading, as **reading) *reading {
		if *as == nil {
			*as = &r
			all = append(all, &r)
		}
		return *as
	}
	for _, f := range h.types[:min(len(h.types), maxReadings)] {
		word, list, odd := scanParams(f)
		if odd {
			e.note(AnomalyBadParameter)
		}
		r := reading{mediaType: word}
		var boundaries []string
		r.params, boundaries = joinParams(list)
		multiparts := strings.HasPrefix(word, "multipart/")
		if !validType(word) || strings.ContainsAny(word, "\"'()<>=?%") {
			e.note(AnomalyBadType)
			odd := strings.Contains(lower(f), "multipart")
			r.mediaType = def
			keep(r, &leaf)
			if !odd {
				continue
			}
			r.mediaType, multiparts = "multipart/mixed", true
		}
		if !multiparts {
			keep(r, &leaf)
			continue
		}
		r.multipart = true
		m := keep(r, &multi)
		m.bounds.declared(boundaries)
		if len(boundaries) > 1 || len(m.bounds) > len(boundaries) {
			e.note(AnomalyDuplicateBoundary)
		}
	}
	if multi != nil {
		multi.bounds.declared(dispositionBoundaries(h))
		for _, f := range h.types[:min(len(h.types), maxVariants)] {
			multi.bounds.derive(f)
		}
	}
	if len(h.types) > 1 {
		e.note(AnomalyDuplicateType)
	}
	out := make([]reading, len(all))
	for i, r := range all {
		out[i] = *r
		if len(all) > 1 {
			if out[i].label = "type=leaf"; r.multipart {
				out[i].label = "type=multipart"
			}
		}
	}
	return out
}

// dispositionBoundaries returns the boundaries that stand in the wrong field.
func dispositionBoundaries(h *header) (all []string) {
	for _, f := range h.disps[:min(len(h.disps), maxVariants)] {
		_, list, _ := scanParams(f)
		_, boundaries := joinParams(list)
		all = append(all, boundaries...)
	}
	return all
}

// validType reports whether s is type/subtype.
func validType(s string) bool {
	major, minor, ok := strings.Cut(s, "/")
	return ok && major != "" && minor != ""
}

// encodings that are known, as they stand in Entity.Encoding.
var encodings = map[string]string{
	"7bit": "7bit", "8bit": "8bit", "binary": "binary",
	"base64": "base64", "quoted-printable": "quoted-printable",
	"x-uuencode": "x-uuencode", "uuencode": "x-uuencode", "x-uue": "x-uuencode", "uue": "x-uuencode",
	"x-xxencode": "x-xxencode", "xxencode": "x-xxencode", "x-xx": "x-xxencode", "x-xxe": "x-xxencode",
	"x-yencode": "x-yencode", "yencode": "x-yencode", "x-yenc": "x-yencode", "yenc": "x-yencode",
	"mac-binhex40": "mac-binhex40", "x-mac-binhex40": "mac-binhex40", "binhex": "mac-binhex40", "x-binhex": "mac-binhex40",
	"binhex40": "mac-binhex40", "x-binhex40": "mac-binhex40",
	"x-gzip64": "x-gzip64", "gzip64": "x-gzip64",
}

// identity reports whether a transfer encoding leaves the bytes as they are.
func identity(enc string) bool {
	switch enc {
	case "base64", "quoted-printable", "x-uuencode", "x-xxencode", "x-yencode", "mac-binhex40", "x-gzip64":
		return false
	}
	return true
}

// encodingReadings lists the transfer encodings that the fields name, each
// decoding once, in order.
//
// QUIRK: RFC 2045 section 6.1 has one field with one token. Thunderbird, Outlook
// and Apple Mail take the first field and mutt the last; Thunderbird and mutt
// take the first of several tokens.
func encodingReadings(e *Entity, fields []string) []string {
	var all []string
	add := func(enc string) {
		for _, a := range all {
			if a == enc || identity(a) && identity(enc) {
				return
			}
		}
		all = append(all, enc)
	}
	unknown := ""
	for _, f := range fields {
		value := lower(strings.Trim(f, " \t"))
		if enc, ok := encodings[value]; ok {
			add(enc)
			continue
		}
		known := false
		for _, token := range strings.FieldsFunc(value, notInToken) {
			if enc, ok := encodings[token]; ok {
				known = true
				add(enc)
			}
		}
		switch {
		case known:
			e.note(AnomalyOddEncoding)
		case value != "":
			e.note(AnomalyUnknownEncoding)
			unknown = value
		}
	}
	if len(all) > 1 {
		e.note(AnomalyDuplicateEncoding)
	}
	if len(all) == 0 {
		if unknown != "" {
			return []string{unknown}
		}
		return []string{"7bit"}
	}
	return all
}

// notInToken reports whether c can't stand in the name of a transfer encoding.
func notInToken(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
}

// withLabel adds a label to a reading once.
func withLabel(reading, label string) string {
	switch {
	case label == "":
		return reading
	case reading == "":
		return label
	case slices.Contains(strings.Split(reading, ","), label):
		return reading
	}
	return reading + "," + label
}

// textual reports whether text may stand in a body of this type.
func textual(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || isBinHexType(mediaType) ||
		strings.HasPrefix(mediaType, "message/") && mediaType != "message/rfc822" && mediaType != "message/global"
}
