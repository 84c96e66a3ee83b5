package scanner

import "iter"

// cause is a reason for a reply: a finding or something unexamined.
type cause struct {
	disposition Disposition
	row         string // of the reply table
	signature   string
}

// conclude sets the report's verdict, disposition and reply from all that its
// objects say.
func (p *policy) conclude(r *Report) {
	r.Verdict = VerdictClean
	worst := cause{disposition: Accept, row: rowClean}
	weigh := func(v Verdict, c cause) {
		// The gravest disposition decides, and among equals the gravest verdict:
		// a retry does not help a message that is refused for good.
		if c.disposition > worst.disposition || c.disposition == worst.disposition && v > r.Verdict {
			worst = c
		}
		r.Verdict = max(r.Verdict, v)
	}
	for _, o := range r.Objects {
		p.judgeAnomalies(o)
		for _, u := range o.Unchecked {
			weigh(VerdictUnchecked, cause{disposition: p.unchecked[u.Reason], row: uncheckedRow(u)})
		}
		for _, f := range o.Findings {
			c := cause{disposition: p.findings[f.Class], signature: f.Signature}
			switch {
			case f.Class == ClassMalicious:
				c.row = rowMalicious
				weigh(VerdictMalicious, c)
			case c.disposition != Accept:
				c.row = rowBlocked
				weigh(VerdictBlocked, c)
			}
		}
	}
	r.Disposition = worst.disposition
	r.Reply = p.reply(worst, r.Reference)
}

func uncheckedRow(u Unchecked) string {
	if u.Limit == limitMessageBytes {
		return rowTooLarge
	}
	return u.Reason.String()
}

// Findings iterates over every finding of the report with its object, in the
// order of the objects.
func (r *Report) Findings() iter.Seq2[*Object, Finding] {
	return func(yield func(*Object, Finding) bool) {
		for _, o := range r.Objects {
			for _, f := range o.Findings {
				if !yield(o, f) {
					return
				}
			}
		}
	}
}
