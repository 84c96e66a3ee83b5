// Package gosmtp makes of a scan's report what a session of
// github.com/emersion/go-smtp returns from Data.
package gosmtp

import (
	"fmt"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/adapters/internal/outcome"
	"github.com/fivefifty/fivefifty/scanner"
)

// Refusal returns nil if the message may pass, and otherwise an *smtp.SMTPError for
// Session.Data to return as it is: go-smtp does not unwrap errors, and sends the
// client 554 and the error's internal text where it is given another type.
//
// A message that the policy wants quarantined is deferred. A server that can hold
// messages looks at r.Disposition before.
func Refusal(r *scanner.Report) error {
	reply, pass := outcome.Of(r)
	if pass {
		return nil
	}
	return Error(reply)
}

// Error is the reply as an error.
func Error(reply scanner.Reply) *smtp.SMTPError {
	e := &smtp.SMTPError{Code: reply.Code, EnhancedCode: smtp.NoEnhancedCode, Message: reply.Text}
	var c smtp.EnhancedCode
	if n, _ := fmt.Sscanf(reply.Enhanced, "%d.%d.%d", &c[0], &c[1], &c[2]); n == len(c) {
		e.EnhancedCode = c
	}
	return e
}
