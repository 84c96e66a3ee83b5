package scanner

import (
	"bytes"
	"strings"
)

// content is what decides how an object is examined: equal bytes are opened once,
// and shown to the engines once for each set of names that they bear.
type content struct {
	digest  [32]byte
	message bool   // it is walked as a message
	names   string // "" for the key under which it was opened
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
	key := content{message: it.message}
	copy(key.digest[:], it.obj.SHA256)
	named := key
	named.names = it.obj.Declared + "\x00" + strings.Join(it.obj.Names, "\x00") + "\x00"
	first := sc.seen[key]
	// What was met first where little depth was left may have stayed closed, or
	// something in it.
	again := first != nil && sc.tooDeep && it.depth < first.depth
	if first == nil || again {
		sc.seen[key], sc.seen[named] = it, it
		return unknown
	}
	if it.obj.Size > 0 {
		it.obj.SameAs = first.obj.Path
	}
	if it.packed && sc.within(it) {
		it.addUnchecked(Unchecked{Reason: ReasonLimit, Limit: "depth", Detail: "contains itself"})
	}
	twin := sc.seen[named]
	if twin == nil {
		sc.seen[named] = it
		return opened
	}
	for _, f := range twin.obj.Findings {
		if f.Engine != policyEngine {
			it.addFinding(f)
		}
	}
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
