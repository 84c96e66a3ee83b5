package level

import "io"

// Steps walks containers whose members are not in one list: each step looks at one
// spot, puts members into ready, and may add further steps. They are a stack, so
// that input nests no calls, and each member's body is made when its turn comes.
type Steps struct {
	todo  []Step // the last one is next
	ready []openMember
	Notes []string
}

// Step is one piece of a walk. An error ends the walk; what concerns one member
// only is that member's Err.
type Step func() error

// openMember is a member with its body, nil for one with Err.
type openMember struct {
	member *Member
	body   io.Reader
}

// Note adds an anomaly of the container.
func (s *Steps) Note(name string) { s.Notes = NoteOnce(s.Notes, name) }

func (s *Steps) Anomalies() []string { return s.Notes }

func (s *Steps) Close() { s.todo, s.ready = nil, nil }

// Then adds steps that are taken in this order, before all that were there.
func (s *Steps) Then(more ...Step) {
	for i := len(more) - 1; i >= 0; i-- {
		s.todo = append(s.todo, more[i])
	}
}

// Yield adds a member. One without a body must have an Err.
func (s *Steps) Yield(m *Member, body io.Reader) {
	s.ready = append(s.ready, openMember{m, body})
}

// Next implements walker.
func (s *Steps) Next() (*Member, io.Reader, error) {
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
