package smtprelay

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// data answers DATA and takes the message.
func (s *session) data(arg string) {
	if arg != "" {
		s.reply(say(501, "5.5.4", "DATA has no argument"))
		return
	}
	t, fail := s.beginTransfer()
	if fail != nil {
		s.reply(fail)
		// What the client has sent already is the message, not commands.
		s.quit = s.quit || s.r.Buffered() > 0
		return
	}
	s.reply(say(354, "", "End with <CRLF>.<CRLF>"))
	if err := s.flush(); err != nil {
		t.lostClient(err)
		s.quit = true
		return
	}
	if err := s.receive(t, -1); err != nil {
		s.breakOff(t, err)
		return
	}
	s.finish(t)
}

// beginTransfer makes what carries the message.
func (s *session) beginTransfer() (*transfer, *reply) {
	switch {
	case s.tx == nil:
		return nil, say(503, "5.5.1", "MAIL first")
	case len(s.tx.envelope.Recipients) == 0 && s.tx.refused:
		return nil, say(554, "5.5.1", "No valid recipients")
	case len(s.tx.envelope.Recipients) == 0:
		return nil, say(503, "5.5.1", "RCPT first")
	case s.up == nil:
		return nil, lost()
	}
	s.idle = 0
	s.message.Store(time.Now().Add(s.relay.opts.MessageTimeout).UnixNano())
	t, fail := newTransfer(s, s.tx)
	if fail != nil {
		s.endTransaction()
		return nil, fail
	}
	s.tx.transfer = t
	return t, nil
}

// receive takes n bytes of the message, or all up to the final dot if n is
// negative.
func (s *session) receive(t *transfer, n int64) error {
	for n != 0 {
		if _, err := s.r.Peek(1); err != nil {
			return err
		}
		chunk, _ := s.r.Peek(s.r.Buffered())
		if n >= 0 && int64(len(chunk)) > n {
			chunk = chunk[:n]
		}
		used, done := t.read(chunk)
		s.r.Discard(used)
		if n > 0 {
			n -= int64(used)
		}
		if done {
			return nil
		}
	}
	return nil
}

// breakOff ends a message that did not come to its end.
func (s *session) breakOff(t *transfer, err error) {
	t.lostClient(err)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.reply(say(421, "4.4.2", "Message took too long"))
		s.flush()
	}
	s.endTransaction()
	s.quit = true
}

// finish gives the client the message's fate, once, or with LMTP for each
// recipient.
func (s *session) finish(t *transfer) {
	for _, rep := range t.finish() {
		s.reply(rep)
	}
	s.tx, s.forward = nil, nil
	s.checkUpstream()
	if s.flush() != nil {
		s.quit = true
	}
	s.message.Store(0)
}

// bdat answers BDAT (RFC 3030): a chunk of the message. Its bytes are there
// whatever the answer is.
func (s *session) bdat(arg string) {
	count, last, _ := strings.Cut(arg, " ")
	n, err := strconv.ParseUint(count, 10, 62)
	if err != nil || last != "" && !strings.EqualFold(last, "LAST") {
		s.reply(say(501, "5.5.4", "Syntax: BDAT length [LAST]"))
		s.quit = true // where the next command begins is unknown
		return
	}
	t, fail := s.chunkTransfer()
	if fail != nil {
		s.skip(int64(n), fail)
		return
	}
	if err := s.receive(t, int64(n)); err != nil {
		s.breakOff(t, err)
		return
	}
	switch {
	case last != "":
		s.finish(t)
	case t.fail != nil:
		s.reply(t.fail)
		s.endTransaction()
	default:
		s.reply(say(250, "2.0.0", "Ok: "+count+" bytes"))
	}
}

func (s *session) chunkTransfer() (*transfer, *reply) {
	if s.tx != nil && s.tx.transfer != nil {
		return s.tx.transfer, nil
	}
	t, fail := s.beginTransfer()
	if t != nil {
		t.content.bdat = true
	}
	return t, fail
}

// skip reads a chunk that nobody wants, and says why.
func (s *session) skip(n int64, why *reply) {
	s.until = time.Now().Add(s.relay.opts.MessageTimeout)
	_, err := io.CopyN(io.Discard, s.r, n)
	s.until = time.Time{}
	if err != nil {
		s.quit = true
		return
	}
	s.reply(why)
}
