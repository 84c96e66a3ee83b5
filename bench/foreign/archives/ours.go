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
	all     []string            // what was said anywhere
}

// scan opens all levels of a file.
func scan(name string, data []byte, passwords []string) found {
	s, err := scanner.New(scanner.Config{
		Passwords: passwords,
		Limits: scanner.Limits{
			MessageBytes: 1 << 30, ObjectBytes: 1 << 30, TotalBytes: 4 << 30, Work: 100 << 30, Ratio: 1 << 30,
			Objects: 200_000, Time: 5 * time.Minute, MemoryBytes: 256 << 20, Dictionary: 1 << 30, KeyWork: 1 << 30,
		},
	})
	must(err)
	report, err := s.ScanFile(context.Background(), name, bytes.NewReader(data))
	must(err)
	f := found{map[string]bool{}, map[string]string{}, map[string][]string{}, nil}
	for _, o := range report.Objects {
		digest := o.SHA256.String()
		f.digests[digest] = true
		f.types[digest] = o.Type
		for _, u := range o.Unchecked {
			said := fmt.Sprint(u.Reason, " ", u.Limit, u.Detail)
			f.all = append(f.all, said)
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
