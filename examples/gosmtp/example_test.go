// Package gosmtp_test shows the library in a server built on go-smtp.
package gosmtp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/fivefifty/fivefifty/adapters/gosmtp"
	"github.com/fivefifty/fivefifty/scanner"
)

// backend is a go-smtp backend that scans during DATA.
type backend struct{ scanner *scanner.Scanner }

func (b backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{backend: b}, nil }

type session struct {
	backend
	env scanner.Envelope
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.env.Sender = from; return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.env.Recipients = append(s.env.Recipients, to)
	return nil
}
func (s *session) Reset()        { s.env = scanner.Envelope{} }
func (s *session) Logout() error { return nil }

func (s *session) Data(r io.Reader) error {
	ctx := scanner.WithEnvelope(context.Background(), &s.env)
	report, err := s.scanner.Scan(ctx, r)
	if err != nil {
		slog.Warn("scan did not finish", "err", err) // report.Reply is a 451
	}
	if refusal := gosmtp.Refusal(report); refusal != nil {
		return refusal
	}
	return nil // deliver here, before the 250
}

// phrase is an engine that looks for one phrase.
type phrase string

func (phrase) Name() string { return "phrase" }
func (p phrase) Inspect(_ context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	body, err := obj.Bytes()
	if err == nil && bytes.Contains(body, []byte(p)) {
		return []scanner.Finding{{Signature: "Phrase", Class: scanner.ClassMalicious}}, nil
	}
	return nil, err
}

// send is the client's side.
func send(addr, message string) error {
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail("alice@example.org", []string{"bob@example.org"}, strings.NewReader(message))
}

// Example runs a go-smtp server that refuses a virus in the session.
func Example() {
	sc, err := scanner.New(scanner.Config{Engines: []scanner.Engine{phrase("money fast")}})
	if err != nil {
		panic(err)
	}
	server := smtp.NewServer(backend{sc})
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	defer server.Close()

	for _, text := range []string{"make money slowly", "make money fast"} {
		err := send(listener.Addr().String(), "Subject: hi\r\n\r\n"+text+"\r\n")
		var refused *smtp.SMTPError
		switch {
		case errors.As(err, &refused):
			fmt.Println(refused.Code, refused.Message)
		case err != nil:
			panic(err)
		default:
			fmt.Println("accepted")
		}
	}
	// Output:
	// accepted
	// 550 E-mail message contained a virus.
}
