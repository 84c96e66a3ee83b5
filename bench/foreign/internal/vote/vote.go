// Package vote counts what other programs say of a file: a digest that two of them
// agree on is one that we must have.
package vote

import (
	"fmt"
	"slices"
)

// Leaf is one body that peers got out of a file.
type Leaf struct {
	About string   // for people: size, name, type
	By    []string // who got it, each once
}

// Ballot is what peers got out of one file, by digest in hex.
type Ballot map[string]*Leaf

// Add counts a peer's vote for a digest.
func (b Ballot) Add(digest, about, peer string) {
	l := b[digest]
	if l == nil {
		l = &Leaf{About: about}
		b[digest] = l
	}
	if !slices.Contains(l.By, peer) {
		l.By = append(l.By, peer)
	}
}

// Tally counts files, bodies that two peers agree on, and bodies that one alone has.
type Tally struct{ Files, Agreed, Found, Alone, AloneFound int }

// Count adds the votes for one file to t and calls miss for each body that ours lacks,
// with those that two agree on first.
func (t *Tally) Count(b Ballot, ours map[string]bool, miss func(digest string, l *Leaf)) {
	var missed []string
	for digest, l := range b {
		have, all := &t.AloneFound, &t.Alone
		if len(l.By) >= 2 {
			have, all = &t.Found, &t.Agreed
		}
		*all++
		if ours[digest] {
			*have++
		} else {
			missed = append(missed, digest)
		}
	}
	slices.SortFunc(missed, func(x, y string) int {
		return min(len(b[y].By), 2) - min(len(b[x].By), 2)
	})
	for _, digest := range missed {
		miss(digest, b[digest])
	}
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	t.Files += o.Files
	t.Agreed += o.Agreed
	t.Found += o.Found
	t.Alone += o.Alone
	t.AloneFound += o.AloneFound
}

// Missed is how many bodies that two agree on were not found.
func (t Tally) Missed() int { return t.Agreed - t.Found }

func (t Tally) String() string {
	return fmt.Sprintf("%d files; %d bodies that two agree on, %d found, %d missed; %d that one alone has, %d found",
		t.Files, t.Agreed, t.Found, t.Missed(), t.Alone, t.AloneFound)
}
