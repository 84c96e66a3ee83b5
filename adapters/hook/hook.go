// Package hook makes of a scan's report the exit status and the output of a program
// that a mail server runs for each message, which it gets on standard input.
package hook

import (
	"fmt"

	"github.com/fivefifty/fivefifty/adapters/internal/outcome"
	"github.com/fivefifty/fivefifty/scanner"
)

// Result is how the program ends: it prints Line, if there is one, and exits with
// Status.
type Result struct {
	Status int
	Line   string
}

// Header is the field that both servers put on top of a message that passes. It is
// not proof of anything by itself: whoever sends mail can write one too.
const Header = "X-Fivefifty"

// temporary is EX_TEMPFAIL of sysexits.h; neither server gives it another meaning.
const temporary = 75

// Chasquid is for the hook post-data of chasquid (blitiri.com.ar/p/chasquid/hooks):
// 0 accepts, and what was printed becomes header; 20 refuses for good and any other
// status for now, with the last line that was printed as the reply's text.
func Chasquid(r *scanner.Report) Result {
	reply, pass := outcome.Of(r)
	switch {
	case pass:
		return Result{0, header(r)}
	case reply.Temporary():
		return Result{temporary, reply.Enhanced + " " + reply.Text}
	}
	return Result{20, reply.Enhanced + " " + reply.Text}
}

// Maddy is for maddy's check.command (maddy.email/reference/checks/command) with
//
//	run_on body
//	code 1 reject 550 5.7.1 "E-mail message contained a virus."
//	code 2 quarantine
//
// The reply's text is that of the configuration; what is printed becomes header of
// a message that passes or is quarantined. Statuses that the configuration does not
// name are failures of the check, and defer the message.
func Maddy(r *scanner.Report) Result {
	if r != nil && r.Disposition == scanner.Quarantine && r.Verdict != scanner.VerdictUnknown {
		return Result{2, header(r)}
	}
	reply, pass := outcome.Of(r)
	switch {
	case pass:
		return Result{0, header(r)}
	case reply.Temporary():
		return Result{Status: temporary}
	}
	return Result{Status: 1}
}

func header(r *scanner.Report) string {
	return fmt.Sprintf("%s: %s %s", Header, r.Verdict, r.Reference)
}
