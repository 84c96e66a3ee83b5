package smtprelay

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/scanner"
)

// transfer carries one message from the client to the scanner and the upstream.
type transfer struct {
	session *session
	tx      *transaction
	report  *scanner.Report // nil where the scan was not brought to its end
	size    int64
}

// run reads the message to its end, also when its fate is known: the client
// listens for a reply only then. It returns the reply.
func (t *transfer) run(w *scanner.Writer, r io.Reader) *smtp.SMTPError {
	up := t.tx.upstream
	answered := false
	defer func() {
		if answered {
			go up.quit()
		} else {
			up.abort() // without a dot: nothing of the message is accepted
		}
	}()

	fail := up.begin()
	if fail == nil {
		fail = up.write(t.header())
	}
	if upFail := t.copy(w, r, &fail); upFail != nil {
		return upFail
	}
	if fail != nil {
		return fail
	}
	if fail = t.verdict(w); fail != nil {
		return fail
	}
	var out *smtp.SMTPError
	out, answered = up.finish()
	return out
}

// copy carries the bytes. *fail is the upstream's refusal so far; once there is
// one, the rest is only read. What copy itself returns is about the client.
func (t *transfer) copy(w *scanner.Writer, r io.Reader, fail **smtp.SMTPError) *smtp.SMTPError {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		t.size += int64(n)
		if n > 0 && *fail == nil {
			w.Write(buf[:n]) // a failure is in the report
			*fail = t.tx.upstream.write(buf[:n])
		}
		if err == nil {
			continue
		}
		if err != io.EOF {
			return clientFailure(err)
		}
		if _, bdat := r.(*io.PipeReader); bdat && t.session.conn.vanished() {
			return clientFailure(io.ErrUnexpectedEOF)
		}
		return nil
	}
}

// clientFailure is the reply to a message that did not end well. Most of them
// have nobody left to read it.
func clientFailure(err error) *smtp.SMTPError {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply // too large
	}
	return tempFail(smtp.EnhancedCode{4, 4, 2}, "Message was broken off")
}

// verdict ends the scan and returns the refusal, nil if the message may pass.
// Only an explicit acceptance passes: an unfinished scan, a verdict that was
// never reached and a disposition that this relay does not know are deferred.
// So is quarantine: the relay keeps no messages.
func (t *transfer) verdict(w *scanner.Writer) *smtp.SMTPError {
	report, err := w.Report()
	t.report = report
	t.session.relay.opts.Observe(report)
	refused := report.Disposition == scanner.Defer || report.Disposition == scanner.Reject
	if refused && report.Reply.Code >= 400 {
		return fromScanner(report.Reply)
	}
	if err != nil || report.Disposition != scanner.Accept || report.Verdict == scanner.VerdictUnknown {
		return notScanned()
	}
	return nil
}

func notScanned() *smtp.SMTPError {
	return tempFail(smtp.EnhancedCode{4, 7, 1}, "Message could not be examined, try again later")
}

// header is what the relay puts in front of the message: a trace line (RFC 5321
// section 4.4) and, if wanted, the mark. The mark can go first, before the
// verdict is known, because a message that is not accepted never gets its dot.
func (t *transfer) header() []byte {
	protocol := "ESMTP"
	if t.tx.utf8 {
		protocol = "UTF8SMTP"
	}
	if t.tx.secure {
		protocol += "S"
	}
	env, opts := t.tx.envelope, t.session.relay.opts
	var b strings.Builder
	fmt.Fprintf(&b, "Received: from %s ([%s])\r\n\tby %s with %s id %s;\r\n\t%s\r\n",
		printable(env.HELO), addressLiteral(env.ClientAddr), opts.Hostname, protocol, t.tx.id,
		time.Now().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	if opts.MarkAccepted {
		b.WriteString("X-Fivefifty: accepted\r\n")
	}
	return []byte(b.String())
}

func addressLiteral(ip string) string {
	if strings.Contains(ip, ":") {
		return "IPv6:" + ip
	}
	return ip
}
