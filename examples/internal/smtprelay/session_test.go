package smtprelay

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/quarantine"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func trust(o *Options) { o.Trusted = loopback }

// reads returns all lines of one reply.
func (d *dialogue) reads(line string) []string {
	d.t.Helper()
	io.WriteString(d.c, line+"\r\n")
	var all []string
	for {
		text, err := d.r.ReadString('\n')
		if err != nil {
			d.t.Fatal(err)
		}
		all = append(all, strings.TrimRight(text, "\r\n"))
		if text[3] != '-' {
			return all
		}
	}
}

func TestSmuggling(t *testing.T) {
	for name, body := range map[string]string{
		"LF dot LF":     "Subject: x\r\n\r\nhi\n.\nMAIL FROM:<x@y>\r\n",
		"LF dot CRLF":   "Subject: x\r\n\r\nhi\n.\r\nMAIL FROM:<x@y>\r\n",
		"CRLF dot LF":   "Subject: x\r\n\r\nhi\r\n.\nMAIL FROM:<x@y>\r\n",
		"CRLF dot CR":   "Subject: x\r\n\r\nhi\r\n.\rMAIL FROM:<x@y>\r\n",
		"CR dot CR":     "Subject: x\r\n\r\nhi\r.\rMAIL FROM:<x@y>\r\n",
		"CR CRLF dot":   "Subject: x\r\n\r\nhi\r\r\n.\nMAIL FROM:<x@y>\r\n",
		"NUL in it":     "Subject: x\r\n\r\nhi\r\n.\x00\r\nMAIL FROM:<x@y>\n",
		"CRLF dot CRCR": "Subject: x\r\n\r\nhi\r\n.\r\r\nMAIL FROM:<x@y>\n",
	} {
		t.Run(name, func(t *testing.T) {
			for mode, want := range map[BareMode]string{BareNormalize: "250 2.0.0 Ok: queued as FAKE", BareReject: "550 5.5.2 "} {
				up := newFakeUpstream(t, nil)
				_, addr := startRelay(t, up.addr, func(o *Options) { o.BareNewlines = mode })
				d := connect(t, addr)
				d.envelope()
				d.say("DATA", "354")
				io.WriteString(d.c, body+"\r\n.\r\n")
				d.say("", want)
				d.say("NOOP", "250") // and no answer to anything smuggled
				got := up.delivered()
				if mode == BareNormalize && (len(got) != 1 || strings.ContainsAny(strings.ReplaceAll(got[0], "\r\n", ""), "\r\n")) ||
					mode == BareReject && len(got) != 0 {
					t.Errorf("%s: delivered %q", mode, got)
				}
			}
		})
	}
}

func TestXForward(t *testing.T) {
	up := newFakeUpstream(t, map[string]string{"EHLO": "250-fake\r\n250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"})
	_, addr := startRelay(t, up.addr, trust)
	d := connect(t, addr)
	d.say("", "220")
	if got := strings.Join(d.reads("EHLO mta"), "\n"); !strings.Contains(got, "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n") {
		t.Errorf("offered: %s", got)
	}
	d.say("XFORWARD NAME=mail.example ADDR=192.0.2.7 PORT=4711", "250")
	d.say("XFORWARD PROTO=ESMTP HELO=[UNAVAILABLE] IDENT=ABC+2B SOURCE=REMOTE", "250")
	d.say("XFORWARD ADDR=nonsense", "501")
	d.say("XFORWARD COLOUR=blue", "501")
	d.say("MAIL FROM:<a@client.test>", "250")
	d.say("XFORWARD NAME=x", "503")
	d.say("RCPT TO:<b@server.test>", "250")
	d.say("DATA", "354")
	io.WriteString(d.c, stuffed(clean))
	d.say("", "250")
	d.say("MAIL FROM:<second@client.test>", "250")
	if want := "XFORWARD NAME=mail.example ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=[UNAVAILABLE] IDENT=ABC+2B SOURCE=REMOTE"; !up.saw(want) {
		t.Errorf("upstream did not see %q", want)
	}
	// The attributes are of one message: the second is from our own client.
	last := ""
	up.mu.Lock()
	defer up.mu.Unlock()
	for _, c := range up.commands {
		if strings.HasPrefix(c, "XFORWARD") {
			last = c
		}
	}
	if !strings.HasPrefix(last, "XFORWARD NAME=[UNAVAILABLE] ADDR=127.0.0.1 PORT=") || !strings.HasSuffix(last, "SOURCE=LOCAL") || !strings.Contains(last, " HELO=mta ") {
		t.Errorf("last: %q", last)
	}
}

func TestOnlyTrustedSpeakForOthers(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, nil)
	d := connect(t, addr)
	d.say("", "220")
	if got := strings.Join(d.reads("EHLO mta"), "\n"); strings.Contains(got, "XFORWARD") || strings.Contains(got, "XCLIENT") {
		t.Errorf("offered: %s", got)
	}
	d.say("XFORWARD ADDR=192.0.2.7", "550 5.7.0 ")
	d.say("XCLIENT ADDR=192.0.2.7", "550 5.7.0 ")
}

func TestXClient(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, func(o *Options) { trust(o); o.MaxConnectionsClient = 1 })
	for i, want := range []string{"220", "421 4.7.0 "} {
		d := connect(t, addr)
		d.say("", "220")
		d.say("EHLO proxy", "250")
		d.say("XCLIENT NAME=mail.example ADDR=IPV6:2001:db8::7 PORT=99", want)
		if i == 0 {
			d.say("MAIL FROM:<a@client.test>", "503")
			d.say("EHLO real.example", "250")
			d.say("MAIL FROM:<a@client.test>", "250")
			d.say("RCPT TO:<b@server.test>", "250")
			d.say("DATA", "354")
			io.WriteString(d.c, stuffed(clean))
			d.say("", "250")
		}
	}
	if got := up.delivered(); len(got) != 1 || !strings.HasPrefix(got[0], "Received: from real.example (mail.example [IPv6:2001:db8::7])") {
		t.Errorf("delivered %q", got)
	}
}

func TestProxy(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, func(o *Options) { trust(o); o.Proxy = true })
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + "\xc0\x00\x02\x08" + "\x7f\x00\x00\x01" + "\x12\x34\x00\x19"
	for header, want := range map[string]string{
		"PROXY TCP4 192.0.2.7 127.0.0.1 4711 25\r\n":  "[192.0.2.7]",
		"PROXY TCP6 2001:db8::1 2001:db8::2 4 25\r\n": "[IPv6:2001:db8::1]",
		"PROXY UNKNOWN\r\n":                           "[127.0.0.1]",
		v2:                                            "[192.0.2.8]",
	} {
		d := connect(t, addr)
		io.WriteString(d.c, header)
		d.envelope()
		d.say("DATA", "354")
		io.WriteString(d.c, stuffed(clean))
		d.say("", "250")
		got := up.delivered()
		if last := got[len(got)-1]; !strings.Contains(last, "Received: from client.test ("+want+")") {
			t.Errorf("%q: delivered %q", header, last)
		}
	}
	for _, header := range []string{"EHLO x\r\n", "PROXY TCP4 ::1 ::1 1 1\r\n", "\r\n\r\n\x00\r\nQUIT\n\x11\x11\x00\x00"} {
		d := connect(t, addr)
		io.WriteString(d.c, header)
		if got := d.reply(); !strings.HasPrefix(got, "error: ") {
			t.Errorf("%q: %s", header, got)
		}
	}
}

func TestAuthIsPassedOn(t *testing.T) {
	up := newFakeUpstream(t, map[string]string{
		"EHLO":         "250-fake\r\n250 AUTH PLAIN LOGIN GSSAPI SCRAM-SHA-256-PLUS",
		"AUTH LOGIN":   "334 VXNlcm5hbWU6",
		"dXNlcg==":     "334 UGFzc3dvcmQ6",
		"c2VjcmV0":     "235 2.7.0 Welcome",
		"AUTH PLAIN x": "535 5.7.8 Wrong",
	})
	cert, roots := testCertificate(t)
	_, addr := startRelay(t, up.addr, func(o *Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
	d := connect(t, addr)
	d.say("", "220")
	if got := strings.Join(d.reads("EHLO c"), "\n"); strings.Contains(got, "AUTH ") {
		t.Errorf("offered in the clear: %s", got)
	}
	d.say("AUTH LOGIN", "538 5.7.11 ")
	d.say("STARTTLS", "220")
	d.c = tls.Client(d.c, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	d.r = bufio.NewReader(d.c)
	if got := strings.Join(d.reads("EHLO c"), "\n"); !strings.Contains(got, "AUTH PLAIN LOGIN\n") {
		t.Errorf("offered: %s", got)
	}
	d.say("AUTH GSSAPI", "504")
	d.say("AUTH PLAIN x", "535 5.7.8 Wrong")
	d.say("AUTH LOGIN", "334 VXNlcm5hbWU6")
	d.say("dXNlcg==", "334 UGFzc3dvcmQ6")
	d.say("c2VjcmV0", "235 2.7.0 Welcome")
	d.say("AUTH LOGIN", "503")
	d.say("MAIL FROM:<a@c> AUTH=a+40c", "250")
	d.say("RCPT TO:<b@s>", "250")
	d.say("DATA", "354")
	io.WriteString(d.c, marker+"\r\n.\r\n")
	d.say("", "550 5.7.1 ")
	// The connection that knew the client is gone with the message.
	d.say("MAIL FROM:<a@c>", "421 4.4.2 ")
	if !up.saw("MAIL FROM:<a@c> AUTH=a+40c") {
		t.Errorf("upstream saw %q", up.commands)
	}
}

func TestLMTP(t *testing.T) {
	answers := map[string]string{".<full@s>": "452 4.2.2 full", ".<gone@s>": "550 5.1.1 gone"}
	for name, tt := range map[string]struct {
		to         []string
		smtp, lmtp string
	}{
		"all":   {[]string{"a@s", "b@s"}, "250", "250 250"},
		"full":  {[]string{"a@s", "full@s", "gone@s"}, "452", "250 452 550"},
		"gone":  {[]string{"a@s", "gone@s"}, "550", "250 550"},
		"alone": {[]string{"gone@s"}, "550", "550"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
			if err != nil {
				t.Fatal(err)
			}
			up := newFakeOn(t, l, answers)
			_, addr := startRelay(t, "lmtp:unix:"+up.addr, nil)
			d := connect(t, addr)
			d.say("", "220")
			for _, tx := range []struct{ hello, want string }{{"EHLO", tt.smtp}, {"LHLO", tt.lmtp}} {
				d.say(tx.hello+" c", "250")
				d.say("MAIL FROM:<a@c>", "250")
				for _, to := range tt.to {
					d.say("RCPT TO:<"+to+">", "250")
				}
				d.say("DATA", "354")
				io.WriteString(d.c, stuffed(clean))
				for want := range strings.FieldsSeq(tx.want) {
					d.say("", want)
				}
				d.say("NOOP", "250")
			}
			d.say("MAIL FROM:<a@c>", "250")
			d.say("RCPT TO:<a@s>", "250")
			d.say("RCPT TO:<b@s>", "250")
			d.say("DATA", "354")
			io.WriteString(d.c, marker+"\r\n.\r\n")
			d.say("", "550 5.7.1 ")
			d.say("", "550 5.7.1 ")
			d.say("NOOP", "250")
		})
	}
}

// Behind a queue nothing is refused for its content.
func TestBehindQueue(t *testing.T) {
	folder := t.TempDir()
	q, err := quarantine.Open(folder, time.Hour, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[RejectMode]string{RejectDiscard: "250 2.7.0 Ok, discarded, reference ", RejectQuarantine: "250 2.7.0 Ok, held, reference "} {
		up := newFakeUpstream(t, nil)
		_, addr := startRelay(t, up.addr, func(o *Options) { o.OnReject, o.Quarantine = mode, q })
		d := connect(t, addr)
		d.envelope()
		for _, body := range []string{marker + "\r\n.\r\n", stuffed(clean)} {
			d.say("DATA", "354")
			io.WriteString(d.c, body)
			d.say("", want)
			want = "250 2.0.0 Ok: queued as FAKE"
			if body[0] == marker[0] {
				d.say("MAIL FROM:<a@client.test>", "250")
				d.say("RCPT TO:<b@server.test>", "250")
			}
		}
		checkDelivered(t, up, clean, true)
	}
	entries, _ := os.ReadDir(folder)
	if len(entries) != 2 {
		t.Fatalf("kept %v", entries)
	}
	about, err := os.ReadFile(filepath.Join(folder, entries[1].Name()))
	if err != nil || !json.Valid(about) || !strings.Contains(string(about), `"sender": "a@client.test"`) {
		t.Errorf("%v: %s", err, about)
	}
	mail, err := os.ReadFile(filepath.Join(folder, entries[0].Name()))
	if err != nil || !strings.HasSuffix(string(mail), marker+"\r\n") {
		t.Errorf("%v: %q", err, mail)
	}
}

func TestOrderAndSyntax(t *testing.T) {
	up := newFakeUpstream(t, map[string]string{"RCPT TO:<no@s>": "550 5.1.1 no"})
	_, addr := startRelay(t, up.addr, func(o *Options) { o.MaxRecipients = 2 })
	d := connect(t, addr)
	d.say("", "220")
	for _, step := range [][2]string{
		{"MAIL FROM:<a@c>", "503"}, {"RCPT TO:<a@c>", "503"}, {"DATA", "503"}, {"EHLO", "501"}, {"HELO c", "250 relay.test"},
		{"BOGUS", "500"}, {"EXPN x", "502"}, {"VRFY x", "252"}, {"HELP", "214"}, {"STARTTLS", "502"},
		{"MAIL FROM: a@c", "501"}, {"MAIL FROM:<a@c", "501"}, {"MAIL FROM:<a b@c>", "501"}, {"MAIL TO:<a@c>", "501"},
		{"MAIL FROM:<a@c> SIZE=x", "501"}, {"MAIL FROM:<a@c> SIZE=1 SIZE=2", "501"}, {"MAIL FROM:<a@c> BODY=BINARYMIME", "501"},
		{"EHLO c", "250"}, {"MAIL FROM:<a@c> HOLDFOR=1", "555"}, {"MAIL FROM:<" + strings.Repeat("a", 1001) + ">", "501 5.1.3"},
		{"MAIL FROM:<\xc3\xa4@c>", "553 5.6.7"}, {"MAIL FROM:<\xc3\xa4@c> SMTPUTF8", "250"}, {"MAIL FROM:<a@c>", "503"},
		{"DATA", "503"}, {"RCPT TO:<>", "501"}, {"RCPT TO:<no@s>", "550 5.1.1 no"}, {"DATA", "554"},
		{"RCPT TO:<\"a>b\"@s>", "250"}, {"RCPT TO:<b@s>", "250"}, {"RCPT TO:<c@s>", "452 4.5.3"}, {"DATA now", "501"},
		{"RSET", "250"}, {"RCPT TO:<b@s>", "503"},
	} {
		d.say(step[0], step[1])
	}
}

func TestImpatience(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, patient := startRelay(t, up.addr, nil)
	_, hasty := startRelay(t, up.addr, func(o *Options) { o.IdleTimeout = 300 * time.Millisecond })
	for name, tt := range map[string]struct{ says, want string }{
		"errors":    {strings.Repeat("BOGUS\r\n", 21), "421 4.7.0 "},
		"idleness":  {strings.Repeat("NOOP\r\n", 101), "421 4.7.0 "},
		"browser":   {"GET / HTTP/1.1\r\n", "421 4.7.0 "},
		"long line": {"NOOP " + strings.Repeat("x", 3000) + "\r\n", "500 5.5.2 Line too long"},
		"endless":   {strings.Repeat("x", 1<<20), "500 5.5.2 Line too long"},
		"silence":   {"", "421 4.4.2 "},
		"in a line": {"NOO", "421 4.4.2 "},
		"control":   {"NOOP\x00\r\n", "500 5.5.2 "},
		"bare CR":   {"NOOP\rMAIL\r\n", "500 5.5.2 "},
	} {
		t.Run(name, func(t *testing.T) {
			addr := patient
			if strings.HasPrefix(tt.want, "421 4.4.2") {
				addr = hasty
			}
			d := connect(t, addr)
			d.say("", "220")
			go io.WriteString(d.c, tt.says)
			for {
				got := d.reply()
				if strings.HasPrefix(got, tt.want) {
					return
				}
				if strings.HasPrefix(got, "error") {
					t.Fatal(got)
				}
			}
		})
	}
}

// The upstream's connection serves several messages, and none of a former one is
// left on it.
func TestUpstreamIsKept(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, nil)
	d := connect(t, addr)
	d.envelope()
	d.say("RSET", "250")
	for range 2 {
		d.say("MAIL FROM:<a@client.test>", "250")
		d.say("RCPT TO:<b@server.test>", "250")
		d.say("DATA", "354")
		io.WriteString(d.c, stuffed(clean))
		d.say("", "250")
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	if got := strings.Join(up.commands, "|"); got != "EHLO relay.test|MAIL FROM:<a@client.test>|RCPT TO:<b@server.test>|RSET|"+
		"MAIL FROM:<a@client.test>|RCPT TO:<b@server.test>|DATA|MAIL FROM:<a@client.test>|RCPT TO:<b@server.test>|DATA" {
		t.Errorf("upstream saw %s", got)
	}
}

func TestDataRefused(t *testing.T) {
	for answer, want := range map[string]string{"452 4.3.1 disk full": "452 4.3.1 disk full", "close": "451 4.4.2 ", "250 what": "451 4.5.0 "} {
		up := newFakeUpstream(t, map[string]string{"DATA": answer})
		_, addr := startRelay(t, up.addr, nil)
		d := connect(t, addr)
		d.envelope()
		d.say("DATA", want)
		d.say("NOOP", "250")
		checkDelivered(t, up, "", false)
		// What comes with DATA is no command.
		d = connect(t, addr)
		d.say("", "220")
		io.WriteString(d.c, "EHLO c\r\nMAIL FROM:<a@c>\r\nRCPT TO:<b@s>\r\nDATA\r\nMAIL FROM:<x@y>\r\n")
		for range 3 {
			d.say("", "250")
		}
		d.say("", want[:3])
		if got := d.reply(); !strings.HasPrefix(got, "error") {
			t.Errorf("%s: %s", answer, got)
		}
	}
}

// Clients that break off anywhere leave no goroutine and no connection behind.
func TestNothingIsLeft(t *testing.T) {
	up := newFakeUpstream(t, nil)
	r, addr := startRelay(t, up.addr, nil)
	before := runtime.NumGoroutine()
	script := "EHLO c\r\nMAIL FROM:<a@c>\r\nRCPT TO:<b@s>\r\nBDAT 5\r\nhelloBDAT 100 LAST\r\nhalf"
	for n := range len(script) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, script[:n])
		c.Close()
		eventually(t, func() bool { return r.server.Len() < 10 })
	}
	eventually(t, func() bool { return r.server.Len() == 0 })
	eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 })
	checkDelivered(t, up, "", false)
	r.clients.mu.Lock()
	defer r.clients.mu.Unlock()
	if len(r.clients.by) > 0 {
		t.Errorf("counted: %v", r.clients.by)
	}
}
