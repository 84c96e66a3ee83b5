package milterserver

import (
	"strings"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/examples/internal/maillog"
	"github.com/fivefifty/fivefifty/scanner"
)

// message is one message on its way through the scanner.
type message struct {
	server *Server
	env    *scanner.Envelope
	lease  *live.Lease
	writer *scanner.Writer
	begun  time.Time
	id     maillog.MessageID
	forged int // fields of our own name that came along
	more   int // recipients above maxRecipients
}

// maxRecipients is how many recipients are told to rules.
const maxRecipients = 1000

func newMessage(s *Server, env *scanner.Envelope) *message {
	m := &message{server: s, env: env, lease: s.opts.Scanners.Acquire(), begun: time.Now()}
	m.writer = m.lease.NewWriter(scanner.WithEnvelope(s.Context(), env))
	return m
}

func (m *message) addRecipient(rcpt string) {
	if len(m.env.Recipients) == maxRecipients {
		m.more++
		return
	}
	m.env.Recipients = append(m.env.Recipients, rcpt)
}

// write passes bytes on; a failure is in the report.
func (m *message) write(p []byte) {
	_, _ = m.id.Write(p)
	_, _ = m.writer.Write(p)
}

func (m *message) close() {
	m.writer.Close()
	m.lease.Release()
}

// end answers the message's end, whose packet may hold the last of the body.
func (c *conn) end(data []byte) error {
	m := c.message()
	if len(data) > 0 {
		m.write(data)
	}
	if m.env.QueueID == "" {
		m.env.QueueID = c.queueID // Postfix names it from the first recipient on
	}
	report, err := c.wait(m)
	c.server.opts.Observe(report)
	if err == nil {
		err = c.answer(m, report)
	}
	c.drop()
	return err
}

// wait ends the scan, and tells the MTA now and then that it goes on.
func (c *conn) wait(m *message) (*scanner.Report, error) {
	done := make(chan *scanner.Report, 1)
	go func() {
		report, _ := m.writer.Report() // what went wrong is in the report
		done <- report
	}()
	tick := time.NewTicker(c.server.opts.Progress)
	defer tick.Stop()
	var failed error
	for {
		select {
		case report := <-done:
			return report, failed
		case <-tick.C:
			if failed == nil {
				failed = writePacket(c.out, 'p')
			}
		}
	}
}

// answer tells the MTA what becomes of the message.
func (c *conn) answer(m *message, r *scanner.Report) error {
	reply := r.Reply
	switch {
	case r.Disposition == scanner.Accept && r.Verdict != scanner.VerdictUnknown, r.Disposition == scanner.Quarantine:
		return c.accept(m, r)
	case reply.Code < 400:
		reply = scanner.Reply{Code: 451, Enhanced: "4.7.1", Text: "E-mail message could not be checked for viruses; please try again later."}
	}
	c.log(m, r, reply)
	// Both MTAs take "%" for the start of something.
	return writePacket(c.out, 'y', z(strings.ReplaceAll(reply.String(), "%", "%%")))
}

// accept marks the message, and has the MTA hold it if the policy says so.
func (c *conn) accept(m *message, r *scanner.Report) error {
	name := c.server.opts.Header
	if name != "" && c.agreed.actions&actChangeHeaders != 0 {
		// From the last to the first: the MTA counts anew after each.
		for i := m.forged; i > 0; i-- {
			index := []byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
			if err := writePacket(c.out, 'm', index, z(name), z("")); err != nil {
				return err
			}
		}
	}
	if name != "" && c.agreed.actions&actAddHeaders != 0 {
		value := r.Verdict.String() + " " + r.Reference
		if c.agreed.protocol&protoLeadSpace != 0 {
			value = " " + value
		}
		if err := writePacket(c.out, 'h', z(name), z(value)); err != nil {
			return err
		}
	}
	if r.Disposition == scanner.Quarantine {
		if c.agreed.actions&actQuarantine == 0 {
			c.log(m, r, scanner.Reply{Code: 451, Enhanced: "4.7.1"})
			return writePacket(c.out, 't')
		}
		if err := writePacket(c.out, 'q', z("fivefifty: "+r.Verdict.String()+" "+r.Reference)); err != nil {
			return err
		}
	}
	c.log(m, r, r.Reply)
	return writePacket(c.out, 'c')
}

func (c *conn) log(m *message, r *scanner.Report, reply scanner.Reply) {
	maillog.Message(c.server.opts.Log, maillog.Line{
		Envelope: m.env, More: m.more, MessageID: m.id.String(), Size: r.Stats.MessageBytes,
		Reply: reply.String(), Temporary: reply.Code/100 == 4, Report: r, Duration: time.Since(m.begun),
	})
}
