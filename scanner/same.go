package scanner

import (
	"bytes"
	"strings"
)

// content is what decides how an object is examined: equal bytes are opened once,
// and shown to the engines once for each set of names that they bear in one kind of container.
type content struct {
	digest  [32]byte
	message bool // it is walked as a message
	cut     bool // what is broken in it is not said
	excerpt bool // nor what is missing at its end
}

// examined are the objects of one content that were examined.
type examined struct {
	first *item            // it was opened
	named map[string]*item // those that were shown to the engines, by their names; nil if that is first alone
}

// byName returns the object that was shown to the engines under the names of it, nil
// if none was.
func (e *examined) byName(it *item) *item {
	if e.named == nil {
		e.named = map[string]*item{e.first.nameKey(): e.first}
	}
	return e.named[it.nameKey()]
}

func (it *item) nameKey() string {
	key := it.obj.Declared + "\x00" + strings.Join(it.obj.Names, "\x00") + "\x00"
	if m := it.obj.Member; m != nil {
		key += m.Container
	}
	return key
}

// familiarity says how much of an object was examined under another path.
type familiarity uint8

const (
	unknown familiarity = iota
	opened              // it was opened, but bore other names
	asked               // the engines were asked too, under the same names
)

// known finds an object with equal bytes that was examined before: a second
// reading of the same part, an attachment sent twice, a member that two
// directories list. What engines found there goes for this one; what could not be
// examined stands there.
func (sc *scan) known(it *item) familiarity {
	key := content{message: it.message, cut: it.cut, excerpt: it.excerpt}
	copy(key.digest[:], it.obj.SHA256)
	seen := sc.seen[key]
	if seen == nil {
		sc.seen[key] = &examined{first: it}
		return unknown
	}
	first := seen.first
	// What was met first where little depth was left may have stayed closed, or
	// something in it.
	if sc.tooDeep && it.depth < first.depth {
		if seen.named != nil {
			seen.named[it.nameKey()] = it
		}
		seen.first = it
		return unknown
	}
	if it.obj.Size > 0 {
		it.obj.SameAs = first.obj.Path
	}
	if it.packed && sc.within(it) {
		it.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: "depth", Detail: "contains itself"})
	}
	twin := seen.byName(it)
	if twin == nil {
		seen.named[it.nameKey()] = it
		return opened
	}
	for _, f := range twin.obj.Findings {
		if f.Engine != policyEngine && !sc.looksAtMembers(f.Engine) {
			it.addFinding(f)
		}
	}
	it.obj.allow()
	return asked
}

// within says whether an object that it came out of has equal bytes.
func (sc *scan) within(it *item) bool {
	for p := it.obj.Parent; p >= 0; p = sc.report.Objects[p].Parent {
		if bytes.Equal(sc.report.Objects[p].SHA256, it.obj.SHA256) {
			return true
		}
	}
	return false
}
