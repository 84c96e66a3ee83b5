//go:build integration

package integration

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailbox is an SMTP server that keeps what it is given, as it came.
type mailbox struct {
	addr string
	mu   sync.Mutex
	got  []string
}

func startMailbox(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	b := &mailbox{addr: l.Addr().String()}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return mailboxSession{b}, nil }))
	s.Domain = "mailbox.test"
	s.ReadTimeout = time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0)
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return b
}

type mailboxSession struct{ b *mailbox }

func (mailboxSession) Mail(string, *smtp.MailOptions) error { return nil }
func (mailboxSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (mailboxSession) Reset()                               {}
func (mailboxSession) Logout() error                        { return nil }
func (s mailboxSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.got = append(s.b.got, string(text))
	return nil
}

// mail returns the message with the subject, once it is there.
func (b *mailbox) mail(subject string, wait time.Duration) (text string, ok bool) {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		for _, m := range b.got {
			if head, _, _ := strings.Cut(m, "\r\n\r\n"); strings.Contains("\r\n"+head+"\r\n", "\r\nSubject: "+subject+"\r\n") {
				b.mu.Unlock()
				return m, true
			}
		}
		b.mu.Unlock()
		if time.Now().After(end) {
			return "", false
		}
	}
}

// body returns what stands behind a message's header.
func body(text string) string {
	_, b, _ := strings.Cut(text, "\r\n\r\n")
	return b
}

// client is an SMTP client that shows replies as they are.
type client struct {
	nc   net.Conn
	text *textproto.Reader
}

func dialSMTP(addr string) (*client, error) {
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	nc.SetDeadline(time.Now().Add(40 * time.Second))
	return &client{nc: nc, text: textproto.NewReader(bufio.NewReader(nc))}, nil
}

// reply reads a reply; the lines of one that has several are joined by " / ".
func (c *client) reply() string {
	var lines []string
	for {
		line, err := c.text.ReadLine()
		if err != nil {
			return "broken off: " + err.Error()
		}
		lines = append(lines, line)
		if len(line) < 4 || line[3] != '-' {
			return strings.Join(lines, " / ")
		}
	}
}

// open goes as far as the 354. What is refused before is returned.
func (c *client) open() (refused string) {
	if r := c.reply(); r[0] != '2' {
		return r
	}
	for _, command := range []string{"EHLO client.test", "MAIL FROM:<a@sender.test> BODY=8BITMIME", "RCPT TO:<b@rcpt.test>", "DATA"} {
		fmt.Fprint(c.nc, command+"\r\n")
		if r := c.reply(); r[0] != '2' && r[0] != '3' {
			return r
		}
	}
	return ""
}

// finish sends text, which ends in CRLF, and returns the reply to its end.
func (c *client) finish(text string) string {
	text = strings.TrimPrefix(strings.ReplaceAll("\r\n"+text, "\r\n.", "\r\n.."), "\r\n")
	if _, err := io.WriteString(c.nc, text+".\r\n"); err != nil {
		return "broken off: " + err.Error()
	}
	return c.reply()
}

// deliver sends a message and returns the reply to its end, or the refusal before.
func deliver(addr, text string) string {
	c, err := dialSMTP(addr)
	if err != nil {
		return "no connection: " + err.Error()
	}
	defer c.nc.Close()
	if refused := c.open(); refused != "" {
		return refused
	}
	defer fmt.Fprint(c.nc, "QUIT\r\n")
	return c.finish(text)
}
