//go:build cgo

package yara

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	goyara "github.com/hillu/go-yara/v4"

	"github.com/fivefifty/fivefifty/scanner"
)

// collector keeps the matches of one object. It is a goyara.ScanCallback.
type collector struct {
	engine  *Engine
	kept    []scanner.Finding
	met     map[ruleKey]bool // under another name of the object
	lookups int              // strings whose matches may still be looked up
	err     error
}

const (
	maxLookups = 16 // strings of one object whose matches are looked up for details
	maxStrings = 3  // strings that one finding tells of
)

// RuleMatching takes one match. A panic must not cross libyara's frames.
func (c *collector) RuleMatching(sc *goyara.ScanContext, r *goyara.Rule) (abort bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.err = fmt.Errorf("yara: panic on a match: %v", p)
			err = c.err
		}
	}()
	key := ruleKey{r.Namespace(), r.Identifier()}
	in := c.engine.info[key]
	switch {
	case in == nil:
		c.err = errors.New("yara: match of an unknown rule " + key.name)
		return true, c.err
	case in.silent || c.met[key]:
		return false, nil
	}
	c.met[key] = true
	if c.makeRoom(in.finding.Class) {
		f := in.finding
		f.Detail += c.strings(sc, r)
		c.kept = append(c.kept, f)
	}
	return c.settled(), nil
}

// makeRoom says whether a finding of that class is kept; if there is no room,
// the least grave one gives way to a graver.
func (c *collector) makeRoom(class scanner.Class) bool {
	if len(c.kept) < c.engine.cfg.MaxMatches {
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
	return len(c.kept) >= c.engine.cfg.MaxMatches &&
		slices.ContainsFunc(c.kept, func(f scanner.Finding) bool { return f.Class == scanner.ClassMalicious })
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

// strings tells where the first strings of the rule matched: "; $a at 0x1f".
func (c *collector) strings(sc *goyara.ScanContext, r *goyara.Rule) string {
	var b strings.Builder
	told := 0
	for _, s := range r.Strings() {
		if told == maxStrings || c.lookups == 0 {
			break
		}
		c.lookups--
		if m := s.Matches(sc); len(m) > 0 {
			told++
			fmt.Fprintf(&b, "; %s at %#x", s.Identifier(), m[0].Base()+m[0].Offset())
		}
	}
	return b.String()
}

// outcome returns the error of the scan, given what libyara returned.
func (c *collector) outcome(err error) error {
	if c.err != nil {
		return c.err
	}
	return scanError(err)
}
