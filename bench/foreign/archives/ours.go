package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// found is what a scan makes of a file.
type found struct {
	digests map[string]bool
	types   map[string]string   // true type, by digest
	faults  map[string][]string // what was said not to be examined in or below it, by digest
	bodies  *bodies
}

// covers says whether a body is a piece of one that we have, from its beginning, or is
// one of ours with zeros behind it. Extractors cut to whole blocks or fill up what
// they cannot get all of.
func (f found) covers(body []byte) bool {
	if len(body) < headBytes {
		return false
	}
	full := bytes.TrimRight(body, "\x00")
	for _, ours := range f.bodies.byHead[head(body)] {
		if bytes.HasPrefix(ours, body) || len(full) >= headBytes && bytes.HasPrefix(ours, full) {
			return true
		}
	}
	return false
}

// bodies is an engine that keeps all that it is shown.
type bodies struct{ byHead map[string][][]byte }

// headBytes is by how much bodies are told apart.
const headBytes = 4

func head(body []byte) string { return string(body[:min(headBytes, len(body))]) }

func (b *bodies) Name() string { return "bodies" }

func (b *bodies) Inspect(_ context.Context, o *scanner.Object) ([]scanner.Finding, error) {
	body, err := o.Bytes()
	b.byHead[head(body)] = append(b.byHead[head(body)], bytes.Clone(body))
	return nil, err
}

// scan opens all levels of a file.
func scan(name string, data []byte, passwords []string) found {
	keep := &bodies{map[string][][]byte{}}
	s, err := scanner.New(scanner.Config{
		Engines:   []scanner.Engine{keep},
		Passwords: passwords,
		Limits: scanner.Limits{
			MessageBytes: 1 << 30, ObjectBytes: 256 << 20, TotalBytes: 1 << 50, Work: 100 << 30, Ratio: 1 << 30,
			Objects: 5_000_000, Time: 5 * time.Minute, MemoryBytes: 256 << 20, Dictionary: 1 << 30, KeyWork: 1 << 30,
		},
	})
	must(err)
	report, err := s.ScanFile(context.Background(), name, bytes.NewReader(data))
	must(err)
	f := found{map[string]bool{}, map[string]string{}, map[string][]string{}, keep}
	for _, o := range report.Objects {
		digest := o.SHA256.String()
		f.digests[digest] = true
		f.types[digest] = o.Type
		for _, u := range o.Unchecked {
			said := fmt.Sprint(u.Reason, ": ", u.Detail)
			for up := o; ; up = report.Objects[up.Parent] {
				digest := up.SHA256.String()
				f.faults[digest] = append(f.faults[digest], said)
				if up.Parent < 0 {
					break
				}
			}
		}
	}
	return f
}
