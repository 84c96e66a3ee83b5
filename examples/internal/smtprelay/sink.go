package smtprelay

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net"
	"net/textproto"
	"time"

	"github.com/emersion/go-smtp"
)

// Delivery is what a Sink was given.
type Delivery struct {
	From    string
	To      []string
	Subject string
	Size    int64  // bytes, the relay's Received included
	SHA256  string // of all of them
}

// Sink is an SMTP server on the loopback that takes every message, tells of it
// and keeps nothing: an upstream for trying the relay out.
type Sink struct {
	listener net.Listener
	server   *smtp.Server
}

// NewSink starts a Sink on a free port. tell is called for each message before
// it is acknowledged, by several goroutines at once.
func NewSink(tell func(Delivery)) (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &sinkSession{tell: tell}, nil
	}))
	s.Domain = "sink"
	s.EnableDSN, s.EnableSMTPUTF8 = true, true
	s.ReadTimeout = 5 * time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0) // broken connections are how the relay discards
	go s.Serve(l)
	return &Sink{listener: l, server: s}, nil
}

// Addr is the address to deliver to.
func (s *Sink) Addr() string { return s.listener.Addr().String() }

// Close stops the Sink.
func (s *Sink) Close() error { return s.server.Close() }

type sinkSession struct {
	tell func(Delivery)
	got  Delivery
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	s.got = Delivery{From: from}
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.To = append(s.got.To, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	digest := sha256.New()
	head := &headWriter{max: 256 << 10}
	n, err := io.Copy(io.MultiWriter(digest, head), r)
	if err != nil {
		return err
	}
	s.got.Size, s.got.SHA256, s.got.Subject = n, hex.EncodeToString(digest.Sum(nil)), head.subject()
	s.tell(s.got)
	return nil
}

func (s *sinkSession) Reset()        { s.got = Delivery{} }
func (s *sinkSession) Logout() error { return nil }

// headWriter keeps the first bytes of what is written.
type headWriter struct {
	buf []byte
	max int
}

func (h *headWriter) Write(p []byte) (int, error) {
	h.buf = append(h.buf, p[:min(len(p), h.max-len(h.buf))]...)
	return len(p), nil
}

func (h *headWriter) subject() string {
	header, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(h.buf))).ReadMIMEHeader()
	return header.Get("Subject")
}
