package smtprelay

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/examples/internal/maillog"
	"github.com/fivefifty/fivefifty/examples/internal/quarantine"
	"github.com/fivefifty/fivefifty/scanner"
)

// transfer carries one message from the client to the scanner and the upstream,
// and to the quarantine's folder where there is one. All of them get the same
// bytes: the trace header and what content makes of the client's.
type transfer struct {
	session *session
	tx      *transaction
	up      *client
	content content
	begun   time.Time
	size    int64 // bytes of the content
	fail    *reply
	buf     []byte

	lease  *live.Lease
	cancel context.CancelFunc
	writer *scanner.Writer
	kept   *quarantine.Draft // nil: no quarantine
	id     maillog.MessageID
	report *scanner.Report // nil where the scan was not brought to its end
	closed bool
}

// newTransfer asks the upstream for DATA and begins the scan.
func newTransfer(s *session, tx *transaction) (*transfer, *reply) {
	if fail := s.up.begin(); fail != nil {
		return nil, fail
	}
	t := &transfer{session: s, tx: tx, up: s.up, begun: time.Now(), lease: s.relay.opts.Scanners.Acquire()}
	var ctx context.Context
	ctx, t.cancel = context.WithCancel(scanner.WithEnvelope(s.relay.server.Context(), &tx.envelope))
	t.writer = t.lease.NewWriter(ctx)
	if q := s.relay.opts.Quarantine; q != nil {
		t.kept = q.Draft()
	}
	t.write(t.header())
	return t, nil
}

// read takes what the client sends and returns how much of it is the message's,
// and whether the message is complete.
func (t *transfer) read(p []byte) (used int, done bool) {
	t.buf, used = t.content.read(t.buf[:0], p)
	t.take(t.buf)
	return used, t.content.state == atEnd
}

// take passes content on. Once it is known that the message will be refused, the
// rest is only read: the client listens for a reply at its end.
func (t *transfer) take(p []byte) {
	opts := &t.session.relay.opts
	t.size += int64(len(p))
	switch {
	case t.fail != nil:
		return
	case t.size > opts.MaxMessageBytes:
		t.refuse(tooLarge(opts.MaxMessageBytes))
	case t.content.bare && opts.BareNewlines == BareReject:
		t.refuse(say(550, "5.5.2", "Message has a bare CR or LF"))
	default:
		t.id.Write(p)
		t.write(p)
	}
}

func (t *transfer) write(p []byte) {
	t.writer.Write(p) // a failure is in the report
	if t.kept != nil {
		t.kept.Write(p) // a failure is kept for its end
	}
	if fail := t.up.write(p); fail != nil {
		t.refuse(fail)
	}
}

// refuse settles the message's fate before its end.
func (t *transfer) refuse(why *reply) {
	t.fail = why
	t.up.abort() // without a dot: nothing of the message is accepted
}

// finish ends the scan, does what the verdict says, and returns the replies.
func (t *transfer) finish() []*reply {
	if t.content.bdat && t.content.state != atEnd {
		t.take(t.content.end(nil))
	}
	one := t.fail
	if one == nil {
		one = t.judge()
	}
	var all []*reply
	if one == nil {
		all = t.up.finish(len(t.tx.envelope.Recipients))
	} else {
		t.up.abort()
		all = []*reply{one}
	}
	t.close()
	all = t.session.forClient(all, len(t.tx.envelope.Recipients))
	t.log(all)
	return all
}

// judge ends the scan and returns the reply that settles the message's fate, nil
// if the message may pass. Only an explicit acceptance passes: an unfinished scan,
// a verdict that was never reached and a disposition that this relay does not know
// are deferred.
func (t *transfer) judge() *reply {
	opts := &t.session.relay.opts
	report, err := t.writer.Report()
	t.report = report
	opts.Observe(report)
	switch {
	case err != nil || report.Verdict == scanner.VerdictUnknown:
	case report.Disposition == scanner.Accept:
		return nil
	case report.Disposition == scanner.Quarantine:
		return t.hold()
	case report.Disposition == scanner.Reject && opts.OnReject == RejectDiscard:
		return say(250, "2.7.0", "Ok, discarded, reference "+report.Reference)
	case report.Disposition == scanner.Reject && opts.OnReject == RejectQuarantine:
		return t.hold()
	}
	if refused := report.Disposition == scanner.Defer || report.Disposition == scanner.Reject && opts.OnReject == RejectRefuse; refused && report.Reply.Code >= 400 {
		return fromScanner(report.Reply)
	}
	return tempFail("4.7.1", "Message could not be examined, try again later")
}

// hold keeps the message where only an operator can get it.
func (t *transfer) hold() *reply {
	if t.kept == nil {
		return tempFail("4.7.1", "Message could not be kept, try again later")
	}
	if err := t.kept.Keep(&t.tx.envelope, t.report); err != nil {
		t.session.relay.opts.Log.Error("quarantine", "queue_id", t.tx.id, "error", err)
		return say(452, "4.3.1", "Message could not be kept, try again later")
	}
	return say(250, "2.7.0", "Ok, held, reference "+t.report.Reference)
}

// lostClient notes that the message did not come to its end.
func (t *transfer) lostClient(err error) {
	t.refuse(tempFail("4.4.2", "Message was broken off"))
	t.session.relay.opts.Log.Info("message broken off", "queue_id", t.tx.id, "client", t.tx.envelope.ClientAddr, "size", t.size, "error", err)
}

// discard gives the message up.
func (t *transfer) discard() {
	if !t.closed {
		t.up.abort()
		t.close()
	}
}

func (t *transfer) close() {
	t.closed = true
	t.cancel()
	t.writer.Close()
	t.lease.Release()
	if t.kept != nil {
		t.kept.Discard()
	}
}

// forClient makes the upstream's answers the client's: a client that speaks LMTP
// gets one for each recipient, another gets one. Where that one must stand for
// several, the gravest does: what was not delivered must not be taken for it.
func (s *session) forClient(all []*reply, recipients int) []*reply {
	if s.lmtp {
		for len(all) < recipients {
			all = append(all, all[0])
		}
		return all
	}
	gravest := all[0]
	for _, rep := range all[1:] {
		if gravity(rep) > gravity(gravest) {
			gravest = rep
		}
	}
	return []*reply{gravest}
}

// gravity orders replies: what is to be tried again comes before what is not, as
// there is hope.
func gravity(r *reply) int { return map[int]int{2: 0, 5: 1, 4: 2}[r.code/100] }

// header is what the relay puts in front of the message: a trace line (RFC 5321
// section 4.4) and, if wanted, the mark. The mark can go first, before the
// verdict is known, because a message that is not accepted never gets its dot.
func (t *transfer) header() []byte {
	opts, s := t.session.relay.opts, t.session
	name := ""
	if s.client.name != "" {
		name = printable(s.client.name) + " "
	}
	addr := s.client.addr.String()
	if s.client.addr.Is6() {
		addr = "IPv6:" + addr
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Received: from %s (%s[%s])\r\n\tby %s with %s id %s;\r\n\t%s\r\n",
		printable(s.client.helo), name, addr, opts.Hostname, t.protocol(), t.tx.id,
		time.Now().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	if opts.MarkAccepted {
		b.WriteString("X-Fivefifty: accepted\r\n")
	}
	return []byte(b.String())
}

// protocol is the name of the protocol that the client speaks (RFC 3848, 6531).
func (t *transfer) protocol() string {
	s := t.session
	name := "ESMTP"
	switch {
	case s.lmtp:
		name = "LMTP"
	case !s.extended:
		return "SMTP"
	}
	if t.tx.utf8 {
		name = "UTF8" + strings.TrimPrefix(name, "E")
	}
	if s.secure {
		name += "S"
	}
	if s.login {
		name += "A"
	}
	return name
}

// log writes the one line that each message gets.
func (t *transfer) log(all []*reply) {
	worst := all[0]
	for _, rep := range all {
		if gravity(rep) > gravity(worst) {
			worst = rep
		}
	}
	maillog.Message(t.session.relay.opts.Log, maillog.Line{
		Envelope: &t.tx.envelope, MessageID: t.id.String(), Size: t.size, Reply: worst.String(),
		Temporary: worst.code/100 == 4, Report: t.report, Duration: time.Since(t.begun),
		Origin: t.session.forward["IDENT"],
	})
}
