package scanner

// OfReason returns what the policy wants done with a message of which something
// was not examined for reason r.
func (s *Scanner) OfReason(r Reason) Disposition { return s.policy.unchecked[r] }

// OfClass returns what the policy wants done with a message in which something of
// class c was found.
func (s *Scanner) OfClass(c Class) Disposition { return s.policy.findings[c] }
