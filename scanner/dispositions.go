package scanner

// ReasonDisposition returns what the policy wants done with a message of which something
// was not examined for reason r.
func (s *Scanner) ReasonDisposition(r Reason) Disposition { return s.policy.unchecked[r] }

// ClassDisposition returns what the policy wants done with a message in which something of
// class c was found.
func (s *Scanner) ClassDisposition(c Class) Disposition { return s.policy.findings[c] }
