//go:build integration

package integration

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const virusReply = "550 5.7.1 E-mail message contained a virus."

// milterFront is Postfix that asks the milter over a kind of socket.
func milterFront(t *testing.T, network string) (*front, *postfix) {
	t.Helper()
	addr := freeAddr(t)
	listen, milter := addr, "inet:"+addr
	if network == "unix" {
		addr = filepath.Join(shortDir(t), "milter")
		listen, milter = "unix:"+addr, "unix:"+addr
	}
	f := &front{box: startMailbox(t), refused: "^" + regexp.QuoteMeta(virusReply) + "$", down: `^451 4\.7\.1 Service unavailable - try again later$`}
	f.start = func(t *testing.T, more string) *program {
		return start(t, "milter", fmt.Sprintf("listen = [%q]\nsocket_mode = \"0666\"\n%s", listen, more), addr)
	}
	mta := startPostfix(t, postfixOptions{nextHop: f.box.addr, main: map[string]string{
		"smtpd_milters": "{ " + milter + ", default_action=tempfail, content_timeout=20s, connect_timeout=5s, command_timeout=5s }",
	}})
	f.addr = mta.addr
	return f, mta
}

// Postfix asks the milter: infected mail is refused in the session, clean mail
// arrives, and without the milter nothing passes.
func TestPostfixMilter(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"inet", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			f, _ := milterFront(t, network)
			f.check(t)
		})
	}
}

// What the policy holds is in Postfix's hold queue.
func TestPostfixHold(t *testing.T) {
	t.Parallel()
	f, mta := milterFront(t, "inet")
	f.start(t, "[policy.unchecked]\nencrypted = \"quarantine\"\n")
	if got := deliver(f.addr, plainMail("encrypted", pgp)); !strings.HasPrefix(got, "250") || mta.held(t) != 1 {
		t.Errorf("%s, %d held", got, mta.held(t))
	}
	mta.settle(t)
	f.nothingOf(t, "encrypted")
}

// pgp is a text that only its recipient can read.
const pgp = "-----BEGIN PGP MESSAGE-----\r\n\r\nwcBMA0000000000AAQf+\r\n=AAAA\r\n-----END PGP MESSAGE-----\r\n"

// Of a message that is too large nothing is left out in silence.
func TestPostfixMilterTooLarge(t *testing.T) {
	t.Parallel()
	f, _ := milterFront(t, "inet")
	f.start(t, "[limits]\nmessage_bytes = 10000\n")
	f.recovers(t, "started")
	text := plainMail("too large", strings.Repeat("0123456789\r\n", 1000)+eicar+"\r\n")
	if got := deliver(f.addr, text); got != "552 5.3.4 E-mail message is too large to be checked for viruses." {
		t.Error(got)
	}
	f.nothingOf(t, "too large")
}

// The verdict's field is ours alone.
func TestPostfixVerdictField(t *testing.T) {
	t.Parallel()
	f, _ := milterFront(t, "inet")
	p := f.start(t, "header = \"X-Virus-Scan\"\n")
	checkVerdictField(t, f, p)
}

// checkVerdictField sends forged fields, and looks at what arrives and what was
// logged: the size says that the milter saw each byte that was sent.
func checkVerdictField(t *testing.T, f *front, p *program) {
	t.Helper()
	forged := "X-Virus-Scan: clean, honest\r\nx-virus-scan:\r\n clean\r\nX-Other: stays\r\nX-VIRUS-SCAN: clean\r\n"
	sent := forged + plainMail("forged", "hello\r\n.dot\r\n \xe9\t\r\n\r\n")
	if got := deliver(f.addr, sent); !strings.HasPrefix(got, "250") {
		t.Fatal(got)
	}
	text, ok := f.box.mail("forged", 15*time.Second)
	if !ok {
		t.Fatal("did not arrive")
	}
	head, _, _ := strings.Cut(text, "\r\n\r\n")
	fields := regexp.MustCompile(`(?im)^x-virus-scan *:.*$`).FindAllString(head, -1)
	if len(fields) != 1 || !regexp.MustCompile(`^X-Virus-Scan: clean [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\r?$`).MatchString(fields[0]) || !strings.Contains(head, "X-Other: stays") {
		t.Errorf("%q in\n%s", fields, head)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf(`queue_id=[0-9A-Za-z]{6,} message_id=<\S+> client=127\.0\.0\.1 helo=client\.test from=a@sender\.test to=\[b@rcpt\.test\] size=%d `, len(sent))
	if !regexp.MustCompile(line).MatchString(p.log.String()) {
		t.Errorf("no %s in\n%s", line, p.log)
	}
}

// Above the number of connections Postfix is sent away, and its client told to try
// again; then there is room again.
func TestPostfixMilterFull(t *testing.T) {
	t.Parallel()
	f, _ := milterFront(t, "inet")
	p := f.start(t, "[limits]\nconnections = 1\n")
	f.recovers(t, "started")
	first, err := dialSMTP(f.addr)
	must(t, err)
	defer first.nc.Close()
	if refused := first.open(); refused != "" {
		t.Fatal(refused)
	}
	f.away(t, "while full")
	if got := first.finish(plainMail("the first", "hello\r\n")); !strings.HasPrefix(got, "250") {
		t.Errorf("the first: %s", got)
	}
	first.nc.Close()
	f.recovers(t, "room again")
	p.stop()
}

// At SIGTERM the message under way is finished, in time.
func TestPostfixMilterStops(t *testing.T) {
	t.Parallel()
	f, _ := milterFront(t, "inet")
	p := f.start(t, "")
	f.recovers(t, "started")
	c, err := dialSMTP(f.addr)
	must(t, err)
	defer c.nc.Close()
	if refused := c.open(); refused != "" {
		t.Fatal(refused)
	}
	text := attached("infected while stopping", "eicar.com", []byte(eicar))
	fmt.Fprint(c.nc, text[:100])
	time.Sleep(300 * time.Millisecond)
	stopped := make(chan struct{})
	go func() { p.stop(); close(stopped) }()
	time.Sleep(300 * time.Millisecond)
	// Postfix passes a message on to its milters as a whole: what had begun is
	// answered, what had not is refused for now.
	if got := c.finish(text[100:]); got != virusReply && !strings.HasPrefix(got, "451 4.7.1") {
		t.Errorf("%s", got)
	}
	<-stopped
	f.nothingOf(t, "infected while stopping")
}
