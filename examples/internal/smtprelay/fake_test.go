package smtprelay

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeUpstream is a scripted SMTP server: answers replaces its reply to a verb
// ("MAIL", "RCPT", "DATA", "." for the final dot) or to a whole line; "close" breaks
// the connection instead. Behind LHLO it answers the dot once for each recipient,
// with the answer to ".<recipient>" where there is one.
type fakeUpstream struct {
	addr    string
	answers map[string]string
	mute    chan struct{} // no reply to the dot before it is closed; nil: at once

	mu       sync.Mutex
	commands []string
	bodies   []string // of messages that got their dot, dot-unstuffed
	partial  []string // of messages that did not
	conns    []net.Conn
	odd      []string // command lines that do not end in CRLF, or have more of that
}

func newFakeUpstream(t *testing.T, answers map[string]string) *fakeUpstream {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newFakeOn(t, l, answers)
}

func newFakeOn(t testing.TB, l net.Listener, answers map[string]string) *fakeUpstream {
	f := &fakeUpstream{addr: l.Addr().String(), answers: answers}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { f.serve(c) })
		}
	})
	return f
}

func (f *fakeUpstream) serve(c net.Conn) {
	defer c.Close()
	f.mu.Lock()
	f.conns = append(f.conns, c)
	f.mu.Unlock()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(c)
	say := func(verb, usual string) bool {
		if a, ok := f.answers[verb]; ok && verb != "" {
			usual = a
		}
		if usual == "close" {
			return false
		}
		_, err := c.Write([]byte(usual + "\r\n"))
		return err == nil
	}
	if !say("greeting", "220 fake ESMTP") {
		return
	}
	lmtp := false
	var recipients []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimRight(line, "\r\n")+"\r\n" != line || strings.ContainsAny(line[:len(line)-2], "\r\n\x00") {
			f.mu.Lock()
			f.odd = append(f.odd, line)
			f.mu.Unlock()
		}
		line = strings.TrimRight(line, "\r\n")
		f.mu.Lock()
		f.commands = append(f.commands, line)
		f.mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		if answer, ok := f.answers[line]; ok && line != "DATA" {
			if !say("", answer) {
				return
			}
			continue
		}
		switch verb {
		case "LHLO", "EHLO":
			lmtp = verb == "LHLO"
			say("EHLO", "250-fake\r\n250-8BITMIME\r\n250-SIZE\r\n250-DSN\r\n250 SMTPUTF8")
		case "DATA":
			if !say("DATA", "354 go") {
				return
			}
			if a := f.answers["DATA"]; a != "" && a[0] != '3' {
				continue
			}
			if !f.data(r) {
				return
			}
			if f.mute != nil {
				<-f.mute
			}
			answers := []string{"."}
			if lmtp {
				answers = recipients
			}
			for _, a := range answers {
				if !say(a, "250 2.0.0 Ok: queued as FAKE") {
					return
				}
			}
			recipients = nil
		case "QUIT":
			say("QUIT", "221 bye")
			return
		default:
			if !say(verb, "250 2.0.0 Ok") {
				return
			}
			if to, ok := strings.CutPrefix(line, "RCPT TO:"); ok {
				recipients = append(recipients, "."+to)
			} else if verb == "MAIL" || verb == "RSET" {
				recipients = nil
			}
		}
	}
}

// data reads up to the dot, byte by byte where it matters: LF is kept as it is.
func (f *fakeUpstream) data(r *bufio.Reader) bool {
	var body strings.Builder
	atStart := true
	for {
		line, err := r.ReadString('\n')
		if atStart && line == ".\r\n" {
			f.mu.Lock()
			f.bodies = append(f.bodies, body.String())
			f.mu.Unlock()
			return true
		}
		if atStart {
			line = strings.TrimPrefix(line, ".")
		}
		body.WriteString(line)
		if err != nil {
			f.mu.Lock()
			f.partial = append(f.partial, body.String())
			f.mu.Unlock()
			return false
		}
		atStart = strings.HasSuffix(line, "\r\n")
	}
}

// hangUp ends all connections.
func (f *fakeUpstream) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
	f.conns = nil
}

func (f *fakeUpstream) delivered() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.bodies...)
}

func (f *fakeUpstream) saw(command string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.commands {
		if c == command {
			return true
		}
	}
	return false
}
