package smtprelay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

const marker = "PRIVATE-TEST-MARKER"

// markerEngine finds the marker, and can be told to wait.
type markerEngine struct{ wait time.Duration }

func (markerEngine) Name() string { return "marker" }

func (e markerEngine) Inspect(_ context.Context, o *scanner.Object) ([]scanner.Finding, error) {
	b, err := o.Bytes()
	if err != nil || !bytes.Contains(b, []byte(marker)) {
		return nil, err
	}
	time.Sleep(e.wait)
	return []scanner.Finding{{Engine: "marker", Signature: "Test.Marker", Class: scanner.ClassMalicious}}, nil
}

func loadMarker() (*scanner.Scanner, io.Closer, error) {
	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{markerEngine{}}})
	return s, nil, err
}

// startRelay runs a relay before upstream and returns it with its address.
func startRelay(t *testing.T, upstream string, change func(*Options)) (*Relay, string) {
	scanners, err := live.New(loadMarker)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Hostname: "relay.test", Scanners: scanners,
		Upstream: Upstream{Addr: upstream, TLS: TLSOff, Timeout: 5 * time.Second, Final: 5 * time.Second},
	}
	if change != nil {
		change(&opts)
	}
	r, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r, l.Addr().String()
}

// dialogue is the client's side of a session.
type dialogue struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func connect(t *testing.T, addr string) *dialogue {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { c.Close() })
	return &dialogue{t, c, bufio.NewReader(c)}
}

// reply reads one reply and returns its last line.
func (d *dialogue) reply() string {
	for {
		line, err := d.r.ReadString('\n')
		if err != nil {
			return "error: " + err.Error()
		}
		if len(line) < 4 || line[3] != '-' {
			return strings.TrimRight(line, "\r\n")
		}
	}
}

func (d *dialogue) say(line, want string) {
	d.t.Helper()
	if line != "" {
		io.WriteString(d.c, line+"\r\n")
	}
	if got := d.reply(); !strings.HasPrefix(got, want) {
		d.t.Fatalf("%q: got %q, want %q", line, got, want)
	}
}

func (d *dialogue) envelope() {
	d.t.Helper()
	d.say("", "220")
	d.say("EHLO client.test", "250")
	d.say("MAIL FROM:<a@client.test>", "250")
	d.say("RCPT TO:<b@server.test>", "250")
}

const clean = "Subject: hello\r\n\r\n.dots\r\n..more\r\n8-bit \xe4\r\n"

func stuffed(body string) string {
	body = strings.ReplaceAll("\r\n"+body, "\r\n.", "\r\n..")[2:]
	return body + ".\r\n"
}

func TestMessages(t *testing.T) {
	infected := "Subject: x\r\n\r\n" + marker + "\r\n"
	tests := []struct {
		name    string
		answers map[string]string
		body    string
		want    string
		passes  bool
	}{
		{"clean", nil, clean, "250 2.0.0 Ok: queued as FAKE", true},
		{"infected", nil, infected, "550 5.7.1 E-mail message contained a virus.", false},
		{"dot refused for good", map[string]string{".": "554 5.6.0 no such thing"}, clean, "554 5.6.0 no such thing", true},
		{"dot refused for now", map[string]string{".": "450-4.2.0 two\r\n450 4.2.0 lines"}, clean, "450 4.2.0 lines", true},
		{"no enhanced code", map[string]string{".": "550 plain"}, clean, "550 5.0.0 plain", true},
		{"upstream closing", map[string]string{".": "421 4.3.2 going"}, clean, "451 4.3.2 going", true},
		{"upstream dies", map[string]string{".": "close"}, clean, "451 4.4.2 ", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			up := newFakeUpstream(t, tt.answers)
			_, addr := startRelay(t, up.addr, nil)
			d := connect(t, addr)
			d.envelope()
			d.say("DATA", "354")
			io.WriteString(d.c, stuffed(tt.body))
			d.say("", tt.want)
			d.say("QUIT", "221")
			checkDelivered(t, up, tt.body, tt.passes)
		})
	}
}

func checkDelivered(t *testing.T, up *fakeUpstream, body string, passes bool) {
	t.Helper()
	got := up.delivered()
	if !passes {
		if len(got) != 0 {
			t.Fatalf("upstream got a final dot: %q", got)
		}
		return
	}
	if len(got) != 1 || !strings.HasPrefix(got[0], "Received: from client.test ([127.0.0.1])\r\n\tby relay.test with ESMTP id ") {
		t.Fatalf("upstream got %q", got)
	}
	if rest := strings.SplitAfterN(got[0], "\r\n", 4)[3]; rest != body {
		t.Fatalf("delivered %q, want %q", rest, body)
	}
}

func TestEnvelopeReplies(t *testing.T) {
	for name, tt := range map[string]struct{ verb, answer, want string }{
		"mail for good": {"MAIL", "553-5.1.8 no\r\n553 5.1.8 such sender", "553 5.1.8 such sender"},
		"mail for now":  {"MAIL", "450 4.1.8 later", "450 4.1.8 later"},
		"rcpt":          {"RCPT", "550 5.1.1 unknown", "550 5.1.1 unknown"},
		"greeting":      {"greeting", "554 5.7.1 go away", "451 4.4.1 "},
		"mail dies":     {"MAIL", "close", "451 4.4.2 "},
	} {
		t.Run(name, func(t *testing.T) {
			up := newFakeUpstream(t, map[string]string{tt.verb: tt.answer})
			_, addr := startRelay(t, up.addr, nil)
			d := connect(t, addr)
			d.say("", "220")
			d.say("EHLO client.test", "250")
			if tt.verb == "RCPT" {
				d.say("MAIL FROM:<a@client.test>", "250")
				d.say("RCPT TO:<b@server.test>", tt.want)
				return
			}
			d.say("MAIL FROM:<a@client.test>", tt.want)
		})
	}
}

func TestUpstreamDown(t *testing.T) {
	_, addr := startRelay(t, "127.0.0.1:1", nil)
	d := connect(t, addr)
	d.say("", "220")
	d.say("EHLO client.test", "250")
	d.say("MAIL FROM:<a@client.test>", "451 4.4.1 ")
}

func TestParametersAreCarried(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, nil)
	d := connect(t, addr)
	d.say("", "220")
	d.say("EHLO client.test", "250")
	d.say("MAIL FROM:<a@client.test> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=a+2Bb", "250")
	d.say("RCPT TO:<b@server.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+2Bd@server.test", "250")
	for _, want := range []string{
		"MAIL FROM:<a@client.test> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=a+2Bb",
		"RCPT TO:<b@server.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+2Bd@server.test",
	} {
		if !up.saw(want) {
			t.Errorf("upstream did not see %q, but %q", want, up.commands)
		}
	}
}

func TestBDAT(t *testing.T) {
	for name, tt := range map[string]struct {
		chunks []string
		want   string
		passes bool
	}{
		"clean":    {[]string{clean[:20], clean[20:]}, "250 2.0.0 Ok: queued as FAKE", true},
		"infected": {[]string{"Subject: x\r\n\r\n" + marker[:5], marker[5:] + "\r\n"}, "550 5.7.1 E-mail", false},
	} {
		t.Run(name, func(t *testing.T) {
			up := newFakeUpstream(t, nil)
			_, addr := startRelay(t, up.addr, nil)
			d := connect(t, addr)
			d.envelope()
			io.WriteString(d.c, "BDAT "+strconv.Itoa(len(tt.chunks[0]))+"\r\n"+tt.chunks[0])
			d.say("", "250")
			io.WriteString(d.c, "BDAT "+strconv.Itoa(len(tt.chunks[1]))+" LAST\r\n"+tt.chunks[1])
			d.say("", tt.want)
			checkDelivered(t, up, strings.Join(tt.chunks, ""), tt.passes)
		})
	}
}

// A client that goes away must leave nothing behind, in the middle of DATA or
// of a last BDAT chunk, which looks finished from within.
func TestClientAborts(t *testing.T) {
	for name, start := range map[string]string{
		"data": "DATA\r\nSubject: x\r\n\r\nhalf",
		"bdat": "BDAT 1000 LAST\r\nSubject: x\r\n\r\nhalf",
	} {
		t.Run(name, func(t *testing.T) {
			up := newFakeUpstream(t, nil)
			r, addr := startRelay(t, up.addr, nil)
			d := connect(t, addr)
			d.envelope()
			io.WriteString(d.c, start)
			time.Sleep(50 * time.Millisecond)
			d.c.Close()
			eventually(t, func() bool { return r.server.Len() == 0 })
			eventually(t, func() bool { up.mu.Lock(); defer up.mu.Unlock(); return len(up.partial) == 1 })
			checkDelivered(t, up, "", false)
		})
	}
}

func TestSizeLimit(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, func(o *Options) { o.MaxMessageBytes = 1000 })
	d := connect(t, addr)
	d.say("", "220")
	d.say("EHLO client.test", "250")
	d.say("MAIL FROM:<a@client.test> SIZE=2000", "552 5.3.4 ")
	d.say("MAIL FROM:<a@client.test>", "250")
	d.say("RCPT TO:<b@server.test>", "250")
	d.say("DATA", "354")
	io.WriteString(d.c, strings.Repeat("0123456789\r\n", 200)+".\r\n")
	d.say("", "552 5.3.4 ")
	checkDelivered(t, up, "", false)
	d.say("NOOP", "250")
}

func TestConnectionLimits(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, func(o *Options) { o.MaxConnectionsClient = 2 })
	first := connect(t, addr)
	first.say("", "220")
	connect(t, addr).say("", "220")
	connect(t, addr).say("", "421 4.7.0 ")
	first.say("QUIT", "221")
	eventually(t, func() bool { return strings.HasPrefix(connect(t, addr).reply(), "220") })
}

func TestConnectionLimitInAll(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, func(o *Options) { o.MaxConnections = 1 })
	first := connect(t, addr)
	first.say("", "220")
	connect(t, addr).say("", "421 4.3.2 ")
	first.say("QUIT", "221")
	eventually(t, func() bool { return strings.HasPrefix(connect(t, addr).reply(), "220") })
}

// A connection to the upstream that ended meanwhile is no failure.
func TestStaleUpstream(t *testing.T) {
	up := newFakeUpstream(t, nil)
	_, addr := startRelay(t, up.addr, nil)
	d := connect(t, addr)
	d.say("", "220")
	d.say("EHLO c", "250")
	up.hangUp()
	d.say("MAIL FROM:<a@c>", "250")
	d.say("RCPT TO:<b@s>", "250")
	up.hangUp()
	d.say("RCPT TO:<c@s>", "451 4.4.2 ") // nothing can be had for this message any more
	d.say("DATA", "451 4.4.2 ")
	d.say("RSET", "250")
	d.say("MAIL FROM:<a@c>", "250")
}

func TestShutdownFinishesMessages(t *testing.T) {
	up := newFakeUpstream(t, nil)
	r, addr := startRelay(t, up.addr, nil)
	idle := connect(t, addr)
	idle.say("", "220")
	idle.say("EHLO client.test", "250")
	d := connect(t, addr)
	d.envelope()
	d.say("DATA", "354")
	io.WriteString(d.c, stuffed(clean)[:30])
	done := make(chan error, 1)
	eventually(t, func() bool { return r.server.Busy() == 1 })
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		done <- r.Shutdown(ctx)
	}()
	idle.say("", "421 4.3.2 ")
	io.WriteString(d.c, stuffed(clean)[30:])
	d.say("", "250 2.0.0 Ok: queued as FAKE")
	d.say("", "421 4.3.2 ")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestShutdownGraceEnds(t *testing.T) {
	up := newFakeUpstream(t, nil)
	r, addr := startRelay(t, up.addr, nil)
	d := connect(t, addr)
	d.envelope()
	d.say("DATA", "354")
	eventually(t, func() bool { return r.server.Busy() == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	eventually(t, func() bool { up.mu.Lock(); defer up.mu.Unlock(); return len(up.partial) == 1 })
	checkDelivered(t, up, "", false)
}

// An upstream that does not answer does not keep the relay from ending.
func TestShutdownWithMuteUpstream(t *testing.T) {
	up := newFakeUpstream(t, nil)
	up.mute = make(chan struct{})
	defer close(up.mute)
	r, addr := startRelay(t, up.addr, func(o *Options) { o.Upstream.Final = time.Minute })
	d := connect(t, addr)
	d.envelope()
	d.say("DATA", "354")
	io.WriteString(d.c, stuffed(clean))
	eventually(t, func() bool { return len(up.delivered()) == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- r.Shutdown(ctx) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the relay waits for its upstream")
	}
	if got := d.reply(); strings.HasPrefix(got, "2") {
		t.Errorf("acknowledged: %s", got)
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("did not happen in time")
}
