//go:build integration

package integration

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// relayConfig is the relay's file; more is keys, and tables behind them.
func relayConfig(listen, upstream, more string) string {
	return fmt.Sprintf("listen = %q\nupstream = %q\nupstream_tls = \"off\"\n%s", listen, upstream, more)
}

// text is what the log holds.
func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// log is what Postfix has logged.
func (p *postfix) log(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	must(t, err)
	return string(text)
}

// logs waits until Postfix has logged a line with all of the words.
func (p *postfix) logs(t *testing.T, words ...string) bool {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for line := range strings.SplitSeq(p.log(t), "\n") {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return true
			}
		}
	}
	return false
}

// flush has Postfix try all of its mail again.
func (p *postfix) flush(t *testing.T) { run(t, "postqueue", "-c", filepath.Join(p.dir, "conf"), "-f") }

// reinjection is the server behind the relay in master.cf.
func reinjection(addr string) string {
	return addr + " inet n - n - - smtpd\n" + options([]string{
		"smtpd_proxy_filter=", "content_filter=", "smtpd_authorized_xforward_hosts=127.0.0.0/8",
		"smtpd_recipient_restrictions=permit_mynetworks,reject", "receive_override_options=no_unknown_recipient_checks",
	})
}

// Who the client is goes all the way: from the first Postfix by XFORWARD to the
// relay, and on to the second.
func TestPostfixXForward(t *testing.T) {
	relayAddr, behind := freeAddr(t), freeAddr(t)
	next := startSink(t)
	p := start(t, "relay", relayConfig(relayAddr, behind, "trusted = [\"127.0.0.0/8\"]\n"), relayAddr)
	mta := startPostfix(t, postfixOptions{
		nextHop: next.Addr(),
		main:    map[string]string{"relay_domains": "rcpt.test"},
		smtpd:   []string{"smtpd_proxy_filter=" + relayAddr, "smtpd_authorized_xclient_hosts=127.0.0.0/8"},
		more:    reinjection(behind),
	})
	waitFor(t, behind)
	c := dialText(t, mta.addr)
	c.say(t, "", "220")
	c.say(t, "EHLO here", "250")
	c.say(t, "XCLIENT NAME=mail.sender.test ADDR=192.0.2.7 HELO=helo.sender.test", "220")
	c.say(t, "EHLO helo.sender.test", "250")
	c.say(t, "MAIL FROM:<a@sender.test> SIZE=100 BODY=8BITMIME", "250")
	c.say(t, "RCPT TO:<b@rcpt.test>", "250")
	c.say(t, "DATA", "354")
	c.say(t, "Subject: forwarded\r\nMessage-ID: <forwarded@sender.test>\r\n\r\nhello\r\n.", "250")
	if !next.has("forwarded", 10*time.Second) {
		t.Fatal("the mail did not arrive")
	}
	if !mta.logs(t, "orig_client=mail.sender.test[192.0.2.7]") {
		t.Errorf("the second Postfix does not know the client:\n%s", tail(mta.log(t), 20))
	}
	for _, want := range []string{"client=192.0.2.7", "message_id=<forwarded@sender.test>", "verdict=clean"} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("no %s in the relay's log", want)
		}
	}
}

// behindQueue starts a Postfix whose content_filter is the relay.
func behindQueue(t *testing.T, relayAddr, behind, next string) *postfix {
	t.Helper()
	mta := startPostfix(t, postfixOptions{
		nextHop: next,
		main: map[string]string{
			"content_filter": "scan:[127.0.0.1]:" + port(relayAddr), "minimal_backoff_time": "1s", "queue_run_delay": "2s",
			"transport_retry_time": "1s", "destination_concurrency_failed_cohort_limit": "100",
		},
		more: "scan unix - - n - 10 smtp\n" + options([]string{
			"smtp_send_xforward_command=yes", "disable_mime_output_conversion=yes", "smtp_generic_maps=",
		}) + reinjection(behind),
	})
	waitFor(t, behind)
	return mta
}

const bounced = "Undelivered Mail Returned to Sender"

// Behind the queue nothing is refused: Postfix would write to the sender that the
// virus has forged. The last of the modes shows that.
func TestPostfixContentFilter(t *testing.T) {
	for mode, bounces := range map[string]bool{"discard": false, "quarantine": false, "refuse": true} {
		t.Run(mode, func(t *testing.T) {
			relayAddr, behind, folder := freeAddr(t), freeAddr(t), t.TempDir()
			next := startSink(t)
			p := start(t, "relay", relayConfig(relayAddr, behind, fmt.Sprintf(
				"trusted = [\"127.0.0.0/8\"]\non_reject = %q\n[quarantine]\nfolder = %q\n", mode, folder)), relayAddr)
			mta := behindQueue(t, relayAddr, behind, next.Addr())
			for subject, body := range map[string]string{"clean": "hello", "infected": eicar} {
				if got := send(t, mta.addr, subject, body); got != "250" {
					t.Errorf("%s: %s", subject, got)
				}
			}
			if !next.has("clean", 15*time.Second) {
				t.Error("clean mail did not arrive")
			}
			if got := next.has(bounced, 5*time.Second); got != bounces {
				t.Errorf("bounced: %v", got)
			}
			mta.settle(t)
			if next.has("infected", 0) {
				t.Error("infected mail arrived")
			}
			kept, _ := filepath.Glob(filepath.Join(folder, "*.eml"))
			if (len(kept) == 1) != (mode == "quarantine") {
				t.Errorf("kept: %v", kept)
			}
			if !strings.Contains(p.text(), "origin_id=") {
				t.Error("Postfix's queue id is not in the relay's log")
			}
		})
	}
}

// With the relay down, mail waits in Postfix's queue.
func TestPostfixContentFilterDown(t *testing.T) {
	relayAddr, behind := freeAddr(t), freeAddr(t)
	next := startSink(t)
	mta := behindQueue(t, relayAddr, behind, next.Addr())
	for _, subject := range []string{"one", "two"} {
		if got := send(t, mta.addr, subject, "hello"); got != "250" {
			t.Fatal(got)
		}
	}
	if !mta.logs(t, "status=deferred") || next.has("one", 0) {
		t.Error("the mail did not wait")
	}
	start(t, "relay", relayConfig(relayAddr, behind, "on_reject = \"discard\"\n"), relayAddr)
	mta.flush(t)
	if !next.has("one", 20*time.Second) || !next.has("two", 20*time.Second) {
		t.Error("the mail did not arrive")
	}
}

// The relay dies in the middle of DATA, behind the queue and before it: nothing of
// the message goes on, and whoever has it keeps it.
func TestRelayDiesInData(t *testing.T) {
	relayAddr := freeAddr(t)
	next := startSink(t)
	config := relayConfig(relayAddr, next.Addr(), "")
	p := start(t, "relay", config, relayAddr)
	c := dialText(t, relayAddr)
	c.say(t, "", "220")
	c.say(t, "EHLO here", "250")
	c.say(t, "MAIL FROM:<a@sender.test>", "250")
	c.say(t, "RCPT TO:<b@rcpt.test>", "250")
	c.say(t, "DATA", "354")
	io.WriteString(c.conn, "Subject: half\r\n\r\n"+strings.Repeat("all of a line\r\n", 10000))
	time.Sleep(100 * time.Millisecond)
	p.kill()
	if line, err := c.line(); err == nil {
		t.Errorf("an answer of the dead: %s", line)
	}
	start(t, "relay", config, relayAddr)
	if got := send(t, relayAddr, "whole", "hello"); got != "250" {
		t.Error(got)
	}
	if next.has("half", 300*time.Millisecond) || !next.has("whole", 0) {
		t.Errorf("delivered: %v", next.got)
	}
}

// The relay is killed while Postfix hands mail over from its queue: all of it
// arrives in the end, and what is infected never does.
func TestPostfixContentFilterKilled(t *testing.T) {
	relayAddr, behind := freeAddr(t), freeAddr(t)
	next := startSink(t)
	mta := behindQueue(t, relayAddr, behind, next.Addr())
	config := relayConfig(relayAddr, behind, "on_reject = \"discard\"\n")
	const mails = 24
	for i := range mails {
		subject, body := fmt.Sprint("clean ", i), strings.Repeat("all of a line of text\r\n", 20000)
		if i%4 == 3 {
			subject, body = fmt.Sprint("infected ", i), eicar
		}
		if got := send(t, mta.addr, subject, body); got != "250" {
			t.Fatal(got)
		}
	}
	for i := range 6 {
		p := restart(t, config, relayAddr)
		mta.flush(t)
		time.Sleep(time.Duration(100+i*120) * time.Millisecond)
		p.kill()
	}
	start(t, "relay", config, relayAddr)
	for i := range mails {
		if i%4 == 3 {
			continue
		}
		arrived := false
		for range 30 {
			if arrived = next.has(fmt.Sprint("clean ", i), 2*time.Second); arrived {
				break
			}
			mta.flush(t)
		}
		if !arrived {
			t.Errorf("clean %d is lost", i)
		}
	}
	mta.settle(t)
	next.mu.Lock()
	defer next.mu.Unlock()
	for _, d := range next.got {
		if !strings.HasPrefix(d.Subject, "clean ") {
			t.Errorf("%q arrived", d.Subject)
		}
	}
	t.Logf("%d deliveries of %d clean messages", len(next.got), mails-mails/4)
}

// The relay is killed under load, over and over. What it acknowledged is at the
// upstream, and nothing infected is.
func TestRelayKilledUnderLoad(t *testing.T) {
	kills := 40
	if n := os.Getenv("FIVEFIFTY_KILLS"); n != "" {
		fmt.Sscan(n, &kills)
	}
	relayAddr := freeAddr(t)
	next := startSink(t)
	config := relayConfig(relayAddr, next.Addr(), "")
	p := start(t, "relay", config, relayAddr)
	stop := make(chan struct{})
	var senders sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	tried := 0
	for worker := range 6 {
		senders.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				subject, body := fmt.Sprintf("w%d-%d", worker, i), strings.Repeat("text\r\n", 2000)
				if i%4 == 3 {
					body = eicar
				}
				got := send(t, relayAddr, subject, body)
				mu.Lock()
				tried++
				if got == "250" {
					acknowledged[subject] = true
					if body == eicar {
						t.Errorf("%s: infected and acknowledged", subject)
					}
				}
				mu.Unlock()
				if strings.HasPrefix(got, "connect: ") {
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	for i := range kills {
		time.Sleep(time.Duration(20+i*37%180) * time.Millisecond)
		p.kill()
		p = restart(t, config, relayAddr)
	}
	time.Sleep(200 * time.Millisecond)
	close(stop)
	senders.Wait()
	p.kill()
	next.mu.Lock()
	defer next.mu.Unlock()
	times := map[string]int{}
	for _, d := range next.got {
		times[d.Subject]++
	}
	twice := 0
	for subject := range acknowledged {
		if times[subject] == 0 {
			t.Errorf("%s: acknowledged and lost", subject)
		} else if times[subject] > 1 {
			twice++
		}
	}
	for subject := range times {
		var w, n int
		if fmt.Sscanf(subject, "w%d-%d", &w, &n); n%4 == 3 {
			t.Errorf("%s: infected and delivered", subject)
		}
	}
	t.Logf("%d kills, %d messages tried, %d acknowledged, %d delivered, %d of them twice", kills, tried, len(acknowledged), len(next.got), twice)
	if len(acknowledged) < kills/2 {
		t.Errorf("only %d messages went through", len(acknowledged))
	}
}

// restart runs the relay anew; who kills it is the caller.
func restart(t *testing.T, config, addr string) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "relay.toml")
	write(t, file, config)
	p := &program{cmd: exec.Command(filepath.Join(build(t), "relay"), "--config", file)}
	must(t, p.cmd.Start())
	waitFor(t, addr)
	return p
}

// lmtpStore is a store that has no room for one of its users.
type lmtpStore struct {
	mu  sync.Mutex
	got map[string]int // messages by recipient
}

func (s *lmtpStore) NewSession(*smtp.Conn) (smtp.Session, error) { return &lmtpSession{store: s}, nil }

type lmtpSession struct {
	store *lmtpStore
	to    []string
}

func (s *lmtpSession) Mail(string, *smtp.MailOptions) error { s.to = nil; return nil }
func (s *lmtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}
func (s *lmtpSession) Reset()               {}
func (s *lmtpSession) Logout() error        { return nil }
func (s *lmtpSession) Data(io.Reader) error { return errors.New("not LMTP") }

func (s *lmtpSession) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, to := range s.to {
		if strings.HasPrefix(to, "full@") {
			status.SetStatus(to, &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox is full"})
			continue
		}
		s.store.got[to]++
		status.SetStatus(to, nil)
	}
	return nil
}

// Postfix delivers by LMTP through the relay to a store: each recipient has a
// reply of its own.
func TestPostfixLMTP(t *testing.T) {
	dir := shortDir(t)
	store := &lmtpStore{got: map[string]int{}}
	server := smtp.NewServer(store)
	server.LMTP, server.Domain = true, "store"
	l, err := net.Listen("unix", filepath.Join(dir, "store"))
	must(t, err)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })

	relayAddr := freeAddr(t)
	start(t, "relay", relayConfig(relayAddr, "lmtp:unix:"+filepath.Join(dir, "store"), ""), relayAddr)
	mta := startPostfix(t, postfixOptions{
		nextHop: relayAddr,
		main:    map[string]string{"default_transport": "lmtp:inet:" + relayAddr, "relay_transport": "lmtp:inet:" + relayAddr},
		more:    "lmtp unix - - n - - lmtp\n",
	})
	c := dialText(t, mta.addr)
	c.say(t, "", "220")
	c.say(t, "EHLO here", "250")
	for _, body := range []string{"hello", eicar} {
		c.say(t, "MAIL FROM:<>", "250") // so that nothing is bounced
		for _, to := range []string{"one", "full", "two"} {
			c.say(t, "RCPT TO:<"+to+"@rcpt.test>", "250")
		}
		c.say(t, "DATA", "354")
		c.say(t, "Subject: x\r\n\r\n"+body+"\r\n.", "250")
	}
	for _, words := range [][]string{
		{"to=<one@rcpt.test>", "status=sent"}, {"to=<two@rcpt.test>", "status=sent"},
		{"to=<full@rcpt.test>", "status=deferred", "452 4.2.2 ", "mailbox is full"},
		{"to=<one@rcpt.test>", "status=bounced", "550 5.7.1 E-mail message contained a virus."},
		{"to=<two@rcpt.test>", "status=bounced"}, {"to=<full@rcpt.test>", "status=bounced"},
	} {
		if !mta.logs(t, words...) {
			t.Errorf("no line with %q in\n%s", words, tail(mta.log(t), 20))
		}
	}
	store.mu.Lock()
	defer store.mu.Unlock()
	if store.got["one@rcpt.test"] != 1 || store.got["two@rcpt.test"] != 1 {
		t.Errorf("the store has %v", store.got)
	}
}

// swaks speaks for a client through the PROXY protocol and XCLIENT; Postfix behind
// the relay logs that client.
func TestRelaySpokenFor(t *testing.T) {
	if _, err := exec.LookPath("swaks"); err != nil {
		t.Skip("swaks is not installed")
	}
	for name, tt := range map[string]struct {
		proxy bool
		args  []string
		want  string
	}{
		"PROXY on": {true, []string{"--proxy-version", "1", "--proxy-family", "TCP4", "--proxy-source", "192.0.2.14", "--proxy-source-port", "4711", "--proxy-dest", "127.0.0.1", "--proxy-dest-port", "25"}, ": client=unknown[192.0.2.14]"},
		"PROXY 1":  {true, []string{"--proxy-version", "1", "--proxy-family", "TCP4", "--proxy-source", "192.0.2.11", "--proxy-source-port", "4711", "--proxy-dest", "127.0.0.1", "--proxy-dest-port", "25"}, "[192.0.2.11]"},
		"PROXY 2":  {true, []string{"--proxy-version", "2", "--proxy-family", "AF_INET6", "--proxy-protocol", "STREAM", "--proxy-command", "PROXY", "--proxy-source", "2001:db8::12", "--proxy-source-port", "4711", "--proxy-dest", "2001:db8::1", "--proxy-dest-port", "25"}, "[2001:db8::12]"},
		"XCLIENT":  {false, []string{"--xclient-name", "mail.sender.test", "--xclient-addr", "192.0.2.13"}, "mail.sender.test[192.0.2.13]"},
	} {
		t.Run(name, func(t *testing.T) {
			relayAddr, behind := freeAddr(t), freeAddr(t)
			next := startSink(t)
			server, told := reinjection(behind), "orig_client="
			if name == "PROXY on" { // the PROXY header goes on to Postfix, which judges the client
				server += options([]string{"smtpd_upstream_proxy_protocol=haproxy", "smtpd_authorized_xforward_hosts="})
				server = strings.Replace(server, "permit_mynetworks,reject", "reject_unauth_destination", 1)
				told = ""
			}
			start(t, "relay", relayConfig(relayAddr, behind, fmt.Sprintf(
				"trusted = [\"127.0.0.0/8\"]\nproxy_protocol = %v\nupstream_proxy_protocol = %v\n", tt.proxy, name == "PROXY on")), relayAddr)
			mta := startPostfix(t, postfixOptions{nextHop: next.Addr(), main: map[string]string{
				"inet_protocols": "all", "relay_domains": "rcpt.test",
			}, more: server})
			waitFor(t, behind)
			run(t, "swaks", append([]string{
				"--server", host(relayAddr), "--port", port(relayAddr), "--from", "a@sender.test", "--to", "b@rcpt.test",
				"--h-Subject", "spoken for", "--ehlo", "client.test",
			}, tt.args...)...)
			if !next.has("spoken for", 10*time.Second) {
				t.Error("the mail did not arrive")
			}
			if !mta.logs(t, told, tt.want) {
				t.Errorf("no %s in\n%s", tt.want, tail(mta.log(t), 20))
			}
		})
	}
}

// textConn is an SMTP dialogue by hand.
type textConn struct {
	conn net.Conn
	buf  []byte
}

func dialText(t *testing.T, addr string) *textConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	must(t, err)
	must(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	t.Cleanup(func() { c.Close() })
	return &textConn{conn: c}
}

func (c *textConn) line() (string, error) {
	for {
		if line, rest, ok := strings.Cut(string(c.buf), "\r\n"); ok {
			c.buf = []byte(rest)
			return line, nil
		}
		more := make([]byte, 4096)
		n, err := c.conn.Read(more)
		if err != nil {
			return "", err
		}
		c.buf = append(c.buf, more[:n]...)
	}
}

// say sends a line, unless it is "", and reads a reply that must begin with want.
func (c *textConn) say(t *testing.T, line, want string) {
	t.Helper()
	if line != "" {
		io.WriteString(c.conn, line+"\r\n")
	}
	for {
		got, err := c.line()
		if err != nil || !strings.HasPrefix(got, want) {
			t.Fatalf("%.60q: %q, %v", line, got, err)
		}
		if len(got) < 4 || got[3] != '-' {
			return
		}
	}
}
