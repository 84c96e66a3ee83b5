package mime

import "slices"

// startShadow hands the open body over to a stream that continues it, from the
// line end before a delimiter line with junk on, up to the next delimiter
// without junk. rest is what is known of that.
//
// QUIRK: RFC 2046 section 5.1.1 has such a line delimit, and mutt splits there;
// Thunderbird and Python's email package want the whole line and save it as a
// part of the body. So the body gets all, and what follows is a part as well.
func (s *stream) startShadow(rest []byte) error {
	if s.cur == nil || s.exact {
		return nil
	}
	s.shadow = &stream{
		w: s.w, parent: s.parent, frames: slices.Clone(s.frames), readings: s.readings,
		state: inBody, cur: s.cur, exact: true,
	}
	s.shadow.resize()
	s.cur = nil
	return s.feedShadow(rest)
}

// feedShadow writes to the shadow, until its body has ended.
func (s *stream) feedShadow(p []byte) error {
	if err := s.shadow.write(p); err != nil {
		return err
	}
	if s.shadow.cur == nil {
		s.shadow = nil
	}
	return nil
}
