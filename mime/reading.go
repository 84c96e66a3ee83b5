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
	guessed   bool     // the encoding is a guess
	bounds    variants // of a multipart: readings of its boundary, none if it declares none
}

// maxEncoding is what is kept of the name of an unknown transfer encoding, in
// bytes.
const maxEncoding = 64

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
	if slices.ContainsFunc(h.others, func(o otherHeader) bool { return o.label == "header=short" || o.label == "header=blank" }) {
		for i := range all {
			all[i].r.label = withLabel("header=long", all[i].r.label)
		}
	}
	for i := range h.others {
		o := &h.others[i]
		for _, c := range s.candidates(&o.header, o.label, o.start) {
			if !slices.ContainsFunc(all, c.same) {
				all = append(all, c)
			}
		}
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

// same reports whether two readings give the same entities.
func (c *candidate) same(o candidate) bool {
	return string(c.start) == string(o.start) && c.r.encoding == o.r.encoding && c.r.multipart == o.r.multipart &&
		(c.r.multipart || c.r.mediaType == o.r.mediaType) &&
		slices.EqualFunc(c.r.bounds.list, o.r.bounds.list, func(a, b variant) bool { return string(a.boundary) == string(b.boundary) })
}

// candidates lists the readings that one header admits.
func (s *stream) candidates(h *header, label string, start []byte) []candidate {
	parent, path := s.place()
	all := []candidate{{start: start, e: Entity{
		Path: path, Parent: parent, fields: h.all, Anomalies: h.anomalies, Reading: s.p.label,
	}}}
	base := &all[0].e
	if parent != nil {
		base.Depth = parent.Depth + 1
		base.Reading = s.reading(parent)
		base.hidden = parent.hidden
	} else if s.p.anomaly != "" {
		base.note(s.p.anomaly)
	}
	if h.cut {
		base.fault(&LimitError{Limit: "header", Max: int64(s.w.limits.HeaderBytes)})
	}
	base.describe(h)
	list := readings(base, h, s.digest())
	for range list[1:] {
		c := all[0]
		c.e.Anomalies = slices.Clone(c.e.Anomalies)
		all = append(all, c)
	}
	for i, r := range list {
		r.label = withLabel(label, r.label)
		all[i].r = r
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
		e.times, e.cr = s.p.readings*len(s.p.streams)*n, !s.lf
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
	sub.main().lf, sub.main().crlf = s.lf, s.crlf && identity(r.encoding) // what was encoded has line ends of its own
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
		if len(r.bounds.list) == 0 {
			e.note(AnomalyMissingBoundary)
		} else if len(r.bounds.list[0].boundary) > 70 {
			e.note(AnomalyLongBoundary)
		}
		if r.bounds.over {
			e.fault(&LimitError{Limit: "readings", Max: maxVariants})
		}
	}
	e.MediaType, e.Params, e.Encoding, e.guessed = r.mediaType, r.params, r.encoding, r.guessed
	e.composite()
}

func (r *reading) frame(e *Entity) frame {
	f := frame{multipart: &multipart{e: e, digest: r.mediaType == "multipart/digest"}}
	if len(r.bounds.list) == 0 {
		f.guess = true
		return f
	}
	first := r.bounds.list[0]
	f.boundary, f.label = first.boundary, first.label
	f.others = r.bounds.list[1:]
	return f
}

// readings lists the ways to take the entity, the likeliest first.
func readings(e *Entity, h *header, digest bool) (all []reading) {
	types := typeReadings(e, h, digest)
	encs := encodingReadings(e, h.encodings)
	for _, t := range types {
		tried := encs
		if !slices.ContainsFunc(encs, identity) && t.unencoded() {
			// QUIRK: RFC 2045 section 6.4 and RFC 2046 section 5.2.1 forbid to encode a
			// multipart or a message. Senders that label one so mostly did not encode
			// it; MIME::Tools, Outlook and others decode it, Thunderbird does so for
			// messages only.
			e.note(t.encodedAnomaly())
			tried = append(slices.Clone(encs), "7bit")
		}
		for _, enc := range tried {
			r := t
			r.encoding = enc
			if len(tried) > len(encs) && identity(enc) && !r.multipart {
				// A message that really is encoded is one long line here, and no
				// message; one that is not looks like one.
				r.mediaType = "text/plain"
			}
			r.guessed = enc != tried[0] && encodingLabel(tried[0]) == "unknown"
			if len(tried) > 1 {
				r.label = withLabel(r.label, "cte="+encodingLabel(enc))
			}
			all = append(all, r)
		}
	}
	return all
}

// unencoded reports whether the type may bear no transfer encoding.
func (r *reading) unencoded() bool {
	switch r.mediaType {
	case "message/rfc822", "message/partial", "message/external-body", "message/news":
		return true
	}
	return r.multipart
}

func (r *reading) encodedAnomaly() string {
	if r.multipart {
		return AnomalyEncodedMultipart
	}
	return AnomalyEncodedMessage
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
