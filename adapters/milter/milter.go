// Package milter makes of a scan's report the reply that a milter sends at the end
// of a message. It needs no milter library, and fits all of them that let a filter
// choose the reply's text.
package milter

import (
	"strings"

	"github.com/fivefifty/fivefifty/adapters/internal/outcome"
	"github.com/fivefifty/fivefifty/scanner"
)

// Refusal returns the text of the reply, "550 5.7.1 E-mail …", and true if the
// message must be refused. Each "%" in it is doubled: Postfix and Sendmail take a
// single one for the start of something. Send it as it is, as SMFIR_REPLYCODE ('y')
// with a NUL behind it; where a library wants code and text apart, see Split.
//
// A message that the policy wants quarantined is deferred. A filter that asks the
// MTA to hold such messages looks at r.Disposition before.
func Refusal(r *scanner.Report) (text string, refused bool) {
	reply, pass := outcome.Of(r)
	if pass {
		return "", false
	}
	return strings.ReplaceAll(reply.String(), "%", "%%"), true
}

// Split returns the code, the enhanced status code and the rest of what Refusal
// returned.
func Split(text string) (code, enhanced, rest string) {
	code, rest, _ = strings.Cut(text, " ")
	enhanced, rest, _ = strings.Cut(rest, " ")
	return code, enhanced, rest
}
