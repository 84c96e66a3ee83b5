package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// explain scans the bytes that were sent once more and prints the report: the
// SMTP client only ever sees the reply.
func explain(s *scanner.Scanner, m message) error {
	report, err := s.Scan(context.Background(), strings.NewReader(m.raw))
	if err != nil {
		return err
	}
	fmt.Printf("\n   verdict: %s (%s), %d objects in %v\n", report.Verdict, report.Disposition, report.Stats.Objects, report.Stats.Duration.Round(10_000))
	children := map[int][]int{}
	for i, o := range report.Objects {
		children[o.Parent] = append(children[o.Parent], i)
	}
	// Not recursive, though these reports are ours: a report's depth is what a
	// sender made it.
	type place struct{ index, depth int }
	stack := []place{}
	push := func(parent, depth int) {
		kids := children[parent]
		for i := len(kids) - 1; i >= 0; i-- {
			stack = append(stack, place{kids[i], depth})
		}
	}
	push(-1, 0)
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		printObject(report.Objects[p.index], p.depth)
		push(p.index, p.depth+1)
	}
	return nil
}

func printObject(o *scanner.Object, depth int) {
	name := o.Path
	if name == "" {
		name = "message"
	}
	fmt.Printf("   %s%q %s, %d bytes", strings.Repeat("  ", depth), name, o.Type, o.Size)
	for _, f := range o.Findings {
		fmt.Printf("  <== %s: %s", f.Class, f.Signature)
	}
	for _, u := range o.Unchecked {
		fmt.Printf("  <== not examined: %s", u.Reason)
	}
	fmt.Println()
}
