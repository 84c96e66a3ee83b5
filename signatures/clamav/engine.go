package clamav

import (
	"context"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// Engine looks at names, sizes and places of what is in containers and mail. It is
// a [scanner.MemberEngine], immutable and safe for concurrent use.
type Engine struct {
	signatures []*memberSignature
	index      *index
}

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

// namesOf returns the object's names as ClamAV sees them.
func namesOf(obj *scanner.Object) []string {
	if len(obj.Names) == 0 && obj.Member == nil {
		return []string{"attachment"} // its word for a part without a name
	}
	names := make([]string, len(obj.Names))
	for i, n := range obj.Names {
		names[i] = n[:min(len(n), maxMatched)]
		if obj.Member != nil && obj.Member.Container == "cab" {
			names[i] = strings.ReplaceAll(names[i], "/", `\`) // as it stands there
		}
	}
	return names
}

// InspectMember returns the signatures that the object's names and its container's
// words match.
func (e *Engine) InspectMember(ctx context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	names := namesOf(obj)
	var found []scanner.Finding
	for i, at := range e.index.candidates(names) {
		m := e.signatures[at]
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
