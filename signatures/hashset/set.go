package hashset

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/fivefifty/fivefifty/scanner"
)

// Set is a set of digests of files that are malicious, unwanted or known to be
// harmless, in memory or in a mapped file. It is a [scanner.Engine], immutable
// and safe for concurrent use until Close. The zero value is empty.
type Set struct {
	layout  layout
	tables  [kinds]table
	offsets []byte // of labels
	texts   []byte

	file   mapping // empty for a set that was built in memory
	closed atomic.Bool
}

const engineName = "hashset"

// Name returns "hashset".
func (s *Set) Name() string { return engineName }

// Len returns the number of entries.
func (s *Set) Len() int {
	n := 0
	for k := range s.tables {
		n += int(s.tables[k].Rows)
	}
	return n
}

// use makes a set of the bytes of a file whose header was decoded.
func (s *Set) use(image []byte, l *layout) {
	s.layout = *l
	for k := range kinds {
		t := table{tableLayout: l.Tables[k], kind: k}
		if t.Rows > 0 {
			t.blocks = image[t.BlocksAt:][:uint64(t.Blocks)*blockSize]
			t.sizes = image[t.SizesAt:][:t.sizesBytes()]
			t.rows = image[t.RowsAt:][:uint64(t.Rows)*uint64(t.rowBytes(k))]
		}
		s.tables[k] = t
	}
	s.offsets = image[l.LabelsAt:][:4*uint64(l.Labels)+4]
	s.texts = image[l.TextsAt:][:l.TextBytes]
}

// Inspect looks the object's digests up, and those of its sections if it is a PE
// file and the set has any. Every entry that fits is a finding under the entry's
// name, each name once. Its Source is the list that the entry stood in.
func (s *Set) Inspect(ctx context.Context, obj *scanner.Object) (found []scanner.Finding, err error) {
	if s.closed.Load() {
		return nil, fmt.Errorf("hashset: %w", errClosed)
	}
	l := lookup{set: s}
	defer func() { found = l.found }() // also what was found before a fault
	if s.file.bytes != nil {
		defer faults(&err)()
	}
	for k := range fileKinds {
		if !s.tables[k].mayHave(obj.Size) {
			continue
		}
		digest, err := obj.Sum(hashes[k])
		if err != nil {
			return nil, fmt.Errorf("hashset: %w", err)
		}
		if err := l.find(k, digest, obj.Size, ""); err != nil {
			return nil, err
		}
	}
	if err := l.sections(ctx, obj); err != nil {
		return nil, fmt.Errorf("hashset: %w", err)
	}
	return nil, nil
}

// maxFindings bounds the names that one object is found under.
const maxFindings = 16

// lookup is what is found of one object.
type lookup struct {
	set   *Set
	found []scanner.Finding
}

// find adds the findings for a digest. of tells what it is the digest of.
func (l *lookup) find(k kind, digest scanner.Digest, size int64, of string) error {
	var fault error
	err := l.set.tables[k].find(digest, size, func(n uint32) {
		f, err := l.set.finding(n)
		if err != nil {
			fault = err
			return
		}
		f.Detail = of + hashes[k].String() + " " + digest.String()
		l.add(f)
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return fmt.Errorf("hashset: %w", err)
	}
	return nil
}

// finding returns what label n says.
func (s *Set) finding(n uint32) (scanner.Finding, error) {
	label, err := readLabel(s.offsets, s.texts, n)
	if err != nil {
		return scanner.Finding{}, err
	}
	list, err := readLabel(s.offsets, s.texts, label.source)
	if err == nil && label.class == classNone {
		err = damaged("an entry's label has no class")
	}
	return scanner.Finding{Engine: engineName, Signature: label.name, Class: classes[label.class], Source: list.name}, err
}

// add adds a finding, unless there are enough: then only the first of its class.
func (l *lookup) add(f scanner.Finding) {
	full := len(l.found) >= maxFindings
	for _, g := range l.found {
		if g.Class == f.Class && (full || g.Signature == f.Signature) {
			return
		}
	}
	l.found = append(l.found, f)
}
