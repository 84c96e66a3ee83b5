// Package maillog writes the line that a message gets in the log, with the same
// keys in all programs.
package maillog

import (
	"context"
	"log/slog"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// Line is what is told of a message. Zero fields are left out.
type Line struct {
	Envelope  *scanner.Envelope
	More      int    // recipients that are not in Envelope
	Origin    string // queue id at the server that handed the message over
	MessageID string
	Size      int64 // bytes
	Reply     string
	Temporary bool            // the reply is a 4xx: the line is a warning
	Report    *scanner.Report // nil where the message was not scanned to its end
	Duration  time.Duration
}

// maxLogged is how many recipients are named; the number of all is told where there
// are more.
const maxLogged = 10

// Message writes the line. Names and addresses are data from outside; slog's
// handlers quote them.
func Message(log *slog.Logger, l Line) {
	args := []any{"queue_id", l.Envelope.QueueID}
	add := func(key, value string) {
		if value != "" {
			args = append(args, key, value)
		}
	}
	add("origin_id", l.Origin)
	add("message_id", l.MessageID)
	args = append(args, "client", l.Envelope.ClientAddr)
	add("helo", l.Envelope.HELO)
	to := l.Envelope.Recipients
	args = append(args, "from", l.Envelope.Sender, "to", to[:min(len(to), maxLogged)])
	if n := len(to) + l.More; n > maxLogged {
		args = append(args, "recipients", n)
	}
	args = append(args, "size", l.Size)
	add("reply", l.Reply)
	if l.Report != nil {
		args = append(args, "verdict", l.Report.Verdict.String(), "disposition", l.Report.Disposition.String(), "reference", l.Report.Reference)
		args = append(args, Reason(l.Report)...)
	}
	args = append(args, "duration", l.Duration.Round(time.Microsecond).String())
	level := slog.LevelInfo
	if l.Temporary {
		level = slog.LevelWarn
	}
	log.Log(context.Background(), level, "message", args...)
}

// Reason is the first finding, else the first thing that was not examined, as keys
// and values.
func Reason(r *scanner.Report) []any {
	for o, f := range r.Findings() {
		return []any{"signature", f.Signature, "object", o.Path}
	}
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			return []any{"unchecked", u.Reason.String(), "detail", u.Detail, "object", o.Path}
		}
	}
	return nil
}
