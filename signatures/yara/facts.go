package yara

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"github.com/fivefifty/fivefifty/scanner"
)

// rulesDigest stands for all of an Engine's rules and configuration on which
// findings depend.
type rulesDigest struct {
	sum   [sha256.Size]byte
	clock bool // a rule asks for the time: nothing repeats
}

func digestOf(cfg Config, units []*unit) (d rulesDigest) {
	h := sha256.New()
	addUnits(h, units)
	addTexts(h, fmt.Sprint(cfg.EveryRule, cfg.DefaultScore, cfg.Malicious, cfg.Suspicious, cfg.MaxMatches))
	addTexts(h, cfg.Disable...)
	h.Sum(d.sum[:0])
	for _, u := range units {
		for _, r := range u.rules {
			d.clock = d.clock || r.refs["time"]
		}
	}
	return d
}

// Facts implements [scanner.Repeatable]: a digest of the rules and of the values of
// the variables that they use. Rules that look at no name, path or envelope have the
// same facts for every object. libyara itself is not in it: a scanner.Cache that
// several machines share wants the same facts on each.
func (e *Engine) Facts(ctx context.Context, obj *scanner.Object) (facts string, ok bool) {
	if e.rules.clock || e.acquire() != nil {
		return "", false
	}
	defer e.release()
	values, rest, err := e.values(ctx, obj)
	if err != nil || rest {
		return "", false
	}
	h := sha256.New()
	h.Write(e.rules.sum[:])
	for _, list := range values {
		addTexts(h, fmt.Sprint(len(list)))
		addTexts(h, list...)
	}
	return string(h.Sum(nil)), true
}

// addUnits adds to a digest all that the rules of units are.
func addUnits(h hash.Hash, units []*unit) {
	for _, e := range externals {
		addTexts(h, "external", e.name, fmt.Sprint(e.ofName))
	}
	for _, u := range units {
		addTexts(h, "unit", u.namespace)
		for _, imp := range u.imports {
			addTexts(h, "import", imp.name)
		}
		for _, r := range u.rules {
			addTexts(h, "rule", r.file, fmt.Sprint(r.line), r.fault, r.text)
		}
	}
}

// addTexts adds texts such that no other list of texts adds the same bytes.
func addTexts(h hash.Hash, texts ...string) {
	for _, t := range texts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(t))))
		_, _ = io.WriteString(h, t)
	}
}
