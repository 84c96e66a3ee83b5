package hashset

import (
	"context"
	"fmt"

	"github.com/fivefifty/fivefifty/scanner"
)

// Set is a set of digests of malicious files. It is a [scanner.Engine],
// immutable and safe for concurrent use. The zero value is empty.
type Set struct {
	tables [kinds]table
	labels []string
}

const engineName = "hashset"

// Name returns "hashset".
func (s *Set) Name() string { return engineName }

// Len returns the number of entries.
func (s *Set) Len() int {
	n := 0
	for k := range s.tables {
		n += s.tables[k].len(kind(k))
	}
	return n
}

// maxFindings bounds the names that one object is found under.
const maxFindings = 16

// Inspect looks the object's digests up. Every entry that fits is a malicious
// finding under the entry's name, each name once.
func (s *Set) Inspect(_ context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	var found []scanner.Finding
	for k := range s.tables {
		t := &s.tables[k]
		if !t.mayHave(obj.Size) {
			continue
		}
		digest, err := obj.Sum(hashes[k])
		if err != nil {
			return found, fmt.Errorf("hashset: %w", err)
		}
		t.find(digest, obj.Size, func(label uint32) {
			found = appendFinding(found, s.labels[label], hashes[k].String()+" "+digest.String())
		})
	}
	return found, nil
}

func appendFinding(found []scanner.Finding, label, detail string) []scanner.Finding {
	for _, f := range found {
		if f.Signature == label {
			return found
		}
	}
	if len(found) == maxFindings {
		return found
	}
	return append(found, scanner.Finding{Engine: engineName, Signature: label, Class: scanner.ClassMalicious, Detail: detail})
}
