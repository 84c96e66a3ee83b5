//go:build cgo

package yara

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	goyara "github.com/hillu/go-yara/v4"

	"github.com/fivefifty/fivefifty/scanner"
)

// collector keeps the matches of one object. It is a goyara.ScanCallback.
type collector struct {
	info    map[ruleKey]*info
	most    int // findings kept
	kept    []*match
	met     map[ruleKey]bool // under another name of the object, or in another part of the set
	lookups int              // strings whose matches may still be looked up
	places  int              // matches of strings that may still come with them
	gates   map[ruleKey]bool
	gate    bool // one of gates matched
	deep    bool // the rules behind gates were run
	err     error
}

// match is a finding with the place of its rule among all.
type match struct {
	scanner.Finding
	index int
}

const (
	maxLookups  = 1024    // strings of one object whose matches are looked up
	maxPlaces   = 1 << 17 // matches of these; libyara hands out all that a string has
	maxMatches  = 16      // matches that one finding tells of
	maxOfString = 4       // of these, matches of one string
)

func newCollector(info map[ruleKey]*info, most int) *collector {
	return &collector{info: info, most: most, met: map[ruleKey]bool{}, lookups: maxLookups, places: maxPlaces}
}

// RuleMatching takes one match. A panic must not cross libyara's frames.
func (c *collector) RuleMatching(sc *goyara.ScanContext, r *goyara.Rule) (abort bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.err = fmt.Errorf("yara: panic on a match: %v", p)
			err = c.err
		}
	}()
	key := ruleKey{r.Namespace(), r.Identifier()}
	if c.gates[key] {
		c.gate = true
		return false, nil
	}
	in := c.info[key]
	switch {
	case in == nil:
		c.err = errors.New("yara: match of an unknown rule " + key.name)
		return true, c.err
	case in.silent || c.met[key]:
		return false, nil
	}
	c.met[key] = true
	if c.makeRoom(in.finding.Class) {
		m := &match{Finding: in.finding, index: in.index}
		m.Matches = c.matches(sc, r)
		c.kept = append(c.kept, m)
	}
	return c.settled(), nil
}

// makeRoom says whether a finding of that class is kept; if there is no room,
// the least grave one gives way to a graver.
func (c *collector) makeRoom(class scanner.Class) bool {
	if len(c.kept) < c.most {
		return true
	}
	least := 0
	for i, f := range c.kept {
		if gravity(f.Class) <= gravity(c.kept[least].Class) {
			least = i
		}
	}
	if gravity(class) <= gravity(c.kept[least].Class) {
		return false
	}
	c.kept = slices.Delete(c.kept, least, least+1)
	return true
}

// settled says whether more matches would change nothing but the length of the
// report: there is no room left and one finding is of the gravest class.
func (c *collector) settled() bool {
	return len(c.kept) >= c.most &&
		slices.ContainsFunc(c.kept, func(m *match) bool { return m.Class == scanner.ClassMalicious })
}

func gravity(c scanner.Class) int {
	switch c {
	case scanner.ClassMalicious:
		return 3
	case scanner.ClassSuspicious:
		return 2
	case scanner.ClassUnwanted:
		return 1
	}
	return 0
}

// matches returns where the first strings of the rule matched.
func (c *collector) matches(sc *goyara.ScanContext, r *goyara.Rule) []scanner.Match {
	var list []scanner.Match
	for _, s := range r.Strings() {
		if len(list) == maxMatches || c.lookups == 0 || c.places <= 0 {
			break
		}
		c.lookups--
		found := s.Matches(sc)
		c.places -= len(found)
		for _, m := range found[:min(len(found), maxOfString, maxMatches-len(list))] {
			list = append(list, scanner.Match{Name: s.Identifier(), Offset: m.Base() + m.Offset(), Length: len(m.Data())})
		}
	}
	return list
}

// result returns the findings in the order of the rules.
func (c *collector) result() result {
	slices.SortStableFunc(c.kept, func(a, b *match) int { return cmp.Compare(a.index, b.index) })
	res := result{deep: c.deep}
	for _, m := range c.kept {
		res.findings = append(res.findings, m.Finding)
	}
	return res
}
