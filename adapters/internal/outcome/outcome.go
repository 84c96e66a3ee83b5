// Package outcome says what becomes of a message, once for all adapters.
package outcome

import "github.com/fivefifty/fivefifty/scanner"

// Of returns the reply to a message, and whether the message may pass. A message
// that is to be held does not, and its reply defers it: a caller that can hold
// messages looks at the disposition first.
func Of(r *scanner.Report) (reply scanner.Reply, pass bool) {
	switch {
	case r == nil || r.Verdict == scanner.VerdictUnknown:
	case r.Disposition == scanner.Accept:
		return r.Reply, true
	case r.Disposition == scanner.Reject, r.Disposition == scanner.Defer:
		if r.Reply.Code >= 400 {
			return r.Reply, false
		}
	}
	return scanner.Reply{Code: 451, Enhanced: "4.7.1", Text: "E-mail message could not be checked for viruses; please try again later."}, false
}
