package smtprelay

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/scanner"
)

// session is one client's session; go-smtp calls it.
type session struct {
	relay *Relay
	conn  *conn
	smtp  *smtp.Conn

	// BDAT runs Data beside Reset and Logout, so the transaction has one owner
	// at a time: the session, or Data once it has taken it.
	mu sync.Mutex
	tx *transaction
}

// transaction is one message's envelope and its connection to the upstream.
type transaction struct {
	id       string // queue id
	envelope scanner.Envelope
	upstream *client
	secure   bool
	utf8     bool
}

func (r *Relay) newSession(sc *smtp.Conn) (smtp.Session, error) {
	c := connOf(sc.Conn())
	if c == nil {
		return nil, errors.New("smtprelay: not one of our connections")
	}
	if r.draining.Load() {
		return nil, shuttingDown()
	}
	var voice net.Conn = sc.Conn()
	c.voice.Store(&voice)
	return &session{relay: r, conn: c, smtp: sc}, nil
}

// Mail implements smtp.Session. The upstream is opened here, so that its
// replies to MAIL and RCPT are the client's.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if s.relay.draining.Load() {
		return shuttingDown()
	}
	if s.current() != nil {
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "Nested MAIL command"}
	}
	tx := &transaction{id: rand.Text()[:12], utf8: opts.UTF8}
	_, tx.secure = s.smtp.TLSConnectionState()
	tx.envelope = scanner.Envelope{
		ClientAddr: s.conn.client, HELO: s.smtp.Hostname(), Sender: from,
		Direction: s.relay.opts.Direction, QueueID: tx.id,
	}
	up, fail := s.relay.opts.Upstream.dial(s.relay.ctx)
	if fail == nil {
		tx.upstream = up
		if fail = up.mail(from, opts); fail != nil {
			go up.quit()
		}
	}
	if fail != nil {
		s.relay.opts.Log.Info("sender not taken", "queue_id", tx.id, "client", s.conn.client, "from", from, "reply", replyText(fail))
		return fail
	}
	s.mu.Lock()
	s.tx = tx
	s.mu.Unlock()
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	tx := s.current()
	if tx == nil {
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "MAIL first"}
	}
	if fail := tx.upstream.rcpt(to, opts); fail != nil {
		s.relay.opts.Log.Info("recipient not taken", "queue_id", tx.id, "to", to, "reply", replyText(fail))
		return fail
	}
	tx.envelope.Recipients = append(tx.envelope.Recipients, to)
	return nil
}

// Data implements smtp.Session, for DATA and BDAT. Its error is the reply, also
// where that is 250: so the upstream's own text reaches the client.
func (s *session) Data(r io.Reader) error {
	tx := s.take()
	if tx == nil || len(tx.envelope.Recipients) == 0 {
		io.Copy(io.Discard, r)
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "No valid transaction"}
	}
	begin := time.Now()
	s.conn.message.Store(begin.Add(s.relay.opts.MessageTimeout).UnixNano())

	lease := s.relay.opts.Scanners.Acquire()
	defer lease.Release()
	ctx, cancel := context.WithCancel(scanner.WithEnvelope(s.relay.ctx, &tx.envelope))
	defer cancel()

	t := &transfer{session: s, tx: tx}
	w := lease.NewWriter(ctx)
	defer w.Close()
	out := t.run(w, r)
	s.relay.logMessage(t, out, time.Since(begin))
	return out
}

// Reset implements smtp.Session; go-smtp calls it after each message's reply.
func (s *session) Reset() {
	if tx := s.take(); tx != nil {
		tx.upstream.abort()
	}
	s.conn.message.Store(0)
}

// Logout implements smtp.Session. It also comes between STARTTLS and the next
// greeting, when nothing can be said to the client from outside.
func (s *session) Logout() error {
	s.conn.secured.Store(true)
	s.conn.voice.Store(nil)
	s.Reset()
	return nil
}

func (s *session) current() *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tx
}

func (s *session) take() *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := s.tx
	s.tx = nil
	return tx
}

func shuttingDown() *smtp.SMTPError {
	return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Service shutting down"}
}
