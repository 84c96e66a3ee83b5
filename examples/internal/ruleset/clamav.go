package ruleset

import (
	"fmt"

	"github.com/fivefifty/fivefifty/signatures/clamav"
	"github.com/fivefifty/fivefifty/signatures/hashset"
	"github.com/fivefifty/fivefifty/signatures/yara"
)

// loadClamAV reads databases of ClamAV: their digests go into b, their rules are
// compiled with the other ones.
func (s *Set) loadClamAV(paths []string, b *hashset.Builder) error {
	if len(paths) == 0 {
		return nil
	}
	db, err := clamav.Load(clamav.Config{Paths: paths, Hashes: b.Read})
	if err != nil {
		return err
	}
	for _, w := range db.Warnings {
		s.Warnings = append(s.Warnings, w.String())
	}
	if db.Members != nil {
		s.Engines = append(s.Engines, db.Members)
	}
	s.clam = db
	return nil
}

// clamRules returns the body signatures as YARA rules.
func (s *Set) clamRules() []yara.Source {
	if s.clam == nil {
		return nil
	}
	var list []yara.Source
	for _, text := range s.clam.Rules {
		list = append(list, yara.Source(text))
	}
	return list
}

// clamSummary counts what is neither a YARA rule nor a digest.
func (s *Set) clamSummary() (parts []string) {
	if s.clam == nil {
		return nil
	}
	st := s.clam.Stats
	for _, c := range []struct {
		n    int
		what string
	}{
		{st.Body + st.Logical, "body signatures of ClamAV among the rules"}, {st.Members, "signatures of members of archives"},
		{st.Passwords, "passwords"}, {st.Ignored, "signatures ignored"}, {st.Other, "for other versions of ClamAV"}, {st.Lost, "signatures left out"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return parts
}

// Passwords returns the passwords that the databases list, for
// scanner.Config.Passwords.
func (s *Set) Passwords() []string {
	if s.clam == nil {
		return nil
	}
	return s.clam.Passwords
}
