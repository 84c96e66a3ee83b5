package main

import (
	"fmt"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// output prints results as they come, and counts them.
type output struct {
	json, all bool
	screen    *screen
	tree      treeStyle
	tally     tally
	messages  int // in mailboxes
	begun     time.Time
}

func newOutput(o *options, s *screen, env func(string) string) *output {
	return &output{
		json: o.JSON, all: o.All, screen: s, begun: time.Now(),
		tree: treeStyle{colour: s.colour, unicode: s.unicode, all: o.All, explain: o.Explain},
	}
}

// print prints the results of a job.
func (out *output) print(j *job) error {
	for _, r := range j.results {
		if news := j.said.news(r); r.extra && !news {
			continue
		}
		out.tally.add(r)
		if r.message > 0 {
			out.messages++
		}
		if err := out.result(r); err != nil {
			return err
		}
		out.screen.progress.update(&out.tally, r.file)
	}
	return nil
}

func (out *output) result(r *result) error {
	var b []byte
	switch {
	case out.json:
		var err error
		if b, err = appendJSON(nil, r); err != nil {
			return err
		}
	case r.err == nil && r.report.Verdict == scanner.VerdictClean && !out.all:
		return nil
	default:
		b = out.tree.append(nil, r)
	}
	out.screen.out.Write(b) // an error comes again from flush
	return out.screen.flush()
}

// end prints the sum of all.
func (out *output) end(in *inputs) error {
	if out.json {
		return nil
	}
	fmt.Fprintln(out.screen.out, out.summary(int(in.files.Load()), time.Since(out.begun)))
	return out.screen.flush()
}

func (out *output) summary(files int, spent time.Duration) string {
	t := &out.tally
	text := count(files, "file")
	if out.messages > 0 {
		text += ", " + count(out.messages, "message") + " in mailboxes"
	}
	text += fmt.Sprintf(", %s in %.1f s: ", humanBytes(t.bytes), spent.Seconds())
	sep := ""
	for _, c := range []struct {
		n    int
		word string
	}{{t.malicious, "malicious"}, {t.blocked, "blocked"}, {t.unchecked, "not wholly examined"}, {t.clean, "clean"}, {t.failed, "with errors"}} {
		if c.n > 0 {
			text += fmt.Sprintf("%s%d %s", sep, c.n, c.word)
			sep = ", "
		}
	}
	if sep == "" {
		text += "nothing to scan"
	}
	return text
}
