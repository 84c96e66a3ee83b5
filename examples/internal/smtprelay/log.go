package smtprelay

import (
	"log/slog"
	"time"

	"github.com/emersion/go-smtp"
)

// logMessage writes the one line that each message gets. Names and addresses
// are data from outside; slog's handlers quote them.
func (r *Relay) logMessage(t *transfer, out *smtp.SMTPError, took time.Duration) {
	env := t.tx.envelope
	args := []any{
		"queue_id", t.tx.id, "client", env.ClientAddr, "from", env.Sender, "to", env.Recipients,
		"size", t.size, "reply", replyText(out), "duration", took.Round(time.Microsecond).String(),
	}
	if t.report != nil {
		args = append(args, "verdict", t.report.Verdict.String(), "reference", t.report.Reference)
		args = append(args, t.reason()...)
	}
	level := slog.LevelInfo
	if out.Code/100 == 4 {
		level = slog.LevelWarn
	}
	r.opts.Log.Log(r.ctx, level, "message", args...)
}

// reason is the first finding, else the first thing that was not examined.
func (t *transfer) reason() []any {
	for _, o := range t.report.Objects {
		for _, f := range o.Findings {
			return []any{"signature", f.Signature, "object", o.Path}
		}
	}
	for _, o := range t.report.Objects {
		for _, u := range o.Unchecked {
			return []any{"unchecked", u.Reason.String(), "detail", u.Detail, "object", o.Path}
		}
	}
	return nil
}
