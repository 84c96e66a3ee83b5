package archive

import "io"

// steps walks containers whose members are not in one list: each step looks at one
// spot, puts members into ready, and may add further steps. They are a stack, so
// that input nests no calls, and each member's body is made when its turn comes.
type steps struct {
	todo  []step // the last one is next
	ready []openMember
	notes []string
}

// step is one piece of a walk. An error ends the walk; what concerns one member
// only is that member's Err.
type step func() error

// openMember is a member with its body, nil for one with Err.
type openMember struct {
	member *Member
	body   io.Reader
}

func (s *steps) note(name string)    { s.notes = noteOnce(s.notes, name) }
func (s *steps) anomalies() []string { return s.notes }
func (s *steps) close()              { s.todo, s.ready = nil, nil }

// then adds steps that are taken in this order, before all that were there.
func (s *steps) then(more ...step) {
	for i := len(more) - 1; i >= 0; i-- {
		s.todo = append(s.todo, more[i])
	}
}

// yield adds a member. One without a body must have an Err.
func (s *steps) yield(m *Member, body io.Reader) {
	s.ready = append(s.ready, openMember{m, body})
}

// next implements walker.
func (s *steps) next() (*Member, io.Reader, error) {
	for len(s.ready) == 0 {
		last := len(s.todo) - 1
		if last < 0 {
			return nil, nil, io.EOF
		}
		f := s.todo[last]
		s.todo[last] = nil
		s.todo = s.todo[:last]
		if err := f(); err != nil {
			return nil, nil, err
		}
	}
	first := s.ready[0]
	s.ready[0] = openMember{}
	s.ready = s.ready[1:]
	return first.member, first.body, nil
}
