package clamav

import (
	"context"

	"github.com/fivefifty/fivefifty/scanner"
)

// Engine looks at names, sizes and places of what is in containers and mail. It is
// a [scanner.MemberEngine], immutable and safe for concurrent use.
type Engine struct{ signatures []*memberSignature }

// Name returns "clamav".
func (e *Engine) Name() string { return "clamav" }

// Len returns the number of signatures.
func (e *Engine) Len() int { return len(e.signatures) }

// Inspect finds nothing: the signatures are not about bytes.
func (e *Engine) Inspect(context.Context, *scanner.Object) ([]scanner.Finding, error) {
	return nil, nil
}

const (
	maxFindings = 256  // of one object; the Scanner keeps no more
	maxMatched  = 4096 // bytes of a name that are matched
	checkEvery  = 64   // signatures between two looks at the clock
)

// InspectMember returns the signatures that the object's names and its container's
// words match.
func (e *Engine) InspectMember(ctx context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	names := make([]string, len(obj.Names))
	for i, n := range obj.Names {
		names[i] = n[:min(len(n), maxMatched)]
	}
	if len(names) == 0 && obj.Member == nil {
		names = []string{"attachment"} // ClamAV's word for a part without a name
	}
	var found []scanner.Finding
	for i, m := range e.signatures {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return found, ctx.Err()
		}
		if !m.matches(obj, names) {
			continue
		}
		found = append(found, scanner.Finding{
			Engine: e.Name(), Signature: m.name, Class: classOf(m.name), Source: m.source,
			Description: "the name, size or place of a file in a container",
		})
		if len(found) == maxFindings {
			break
		}
	}
	return found, nil
}
