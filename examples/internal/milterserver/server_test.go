package milterserver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

const marker = "fivefifty-test-marker-5b1d"

// recorder finds the marker and keeps what it saw.
type recorder struct {
	mu     sync.Mutex
	bodies []string
	envs   []scanner.Envelope
	wait   time.Duration
}

func (*recorder) Name() string { return "recorder" }

func (r *recorder) Inspect(ctx context.Context, o *scanner.Object) ([]scanner.Finding, error) {
	b, err := o.Bytes()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.bodies = append(r.bodies, string(b))
	r.envs = append(r.envs, *scanner.EnvelopeFrom(ctx))
	r.mu.Unlock()
	time.Sleep(r.wait)
	switch {
	case bytes.Contains(b, []byte("broken-engine")):
		return nil, errors.New("engine is broken")
	case bytes.Contains(b, []byte("suspicious")):
		return []scanner.Finding{{Signature: "Odd", Class: scanner.ClassSuspicious}}, nil
	case bytes.Contains(b, []byte(marker)):
		return []scanner.Finding{{Signature: "Test.Marker", Class: scanner.ClassMalicious}}, nil
	}
	return nil, nil
}

func start(t *testing.T, r *recorder, change func(*Options)) string {
	t.Helper()
	scanners, err := live.New(func() (*scanner.Scanner, io.Closer, error) {
		s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{r}, Policy: scanner.Policy{
			Findings:  map[scanner.Class]scanner.Disposition{scanner.ClassSuspicious: scanner.Quarantine},
			VirusText: "100%% virus",
		}})
		return s, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Scanners: scanners, Header: "X-Fivefifty"}
	if change != nil {
		change(&opts)
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// mta is an MTA's side of the protocol.
type mta struct {
	t   *testing.T
	nc  net.Conn
	in  *bufio.Reader
	out *bufio.Writer
	buf []byte
}

func dial(t *testing.T, addr string, protocol uint32) *mta {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	m := &mta{t: t, nc: nc, in: bufio.NewReader(nc), out: bufio.NewWriter(nc)}
	var offer []byte
	for _, n := range []uint32{6, 0x1ff, protocol} {
		offer = binary.BigEndian.AppendUint32(offer, n)
	}
	m.send('O', string(offer))
	if code, data := m.receive(); code != 'O' || len(data) != 12 || binary.BigEndian.Uint32([]byte(data)[8:])&^protocol != 0 {
		t.Fatalf("negotiation: %c %q", code, data)
	}
	return m
}

func (m *mta) send(code byte, data string) {
	m.t.Helper()
	if err := writePacket(m.out, code, []byte(data)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mta) receive() (byte, string) {
	m.t.Helper()
	code, data, err := readPacket(m.in, &m.buf)
	if err != nil {
		m.t.Fatal(err)
	}
	return code, string(data)
}

// deliver sends a message and returns what the filter answers to its end.
func (m *mta) deliver(answered bool, header []string, body, last string) (answers []string) {
	m.t.Helper()
	event := func(code byte, data string) {
		m.t.Helper()
		m.send(code, data)
		if answered {
			if code, _ := m.receive(); code != 'c' {
				m.t.Fatalf("answer %c", code)
			}
		}
	}
	event('M', "<a@example.org>\x00BODY=8BITMIME\x00")
	m.send('D', "Ri\x00QUEUE1\x00")
	event('R', "<b@example.org>\x00")
	event('T', "")
	for _, h := range header {
		event('L', h)
	}
	event('N', "")
	event('B', body)
	m.send('E', last)
	for {
		code, data := m.receive()
		answers = append(answers, string(code)+" "+data)
		if strings.ContainsRune("cyta", rune(code)) {
			return answers
		}
	}
}

const everything = 0x1fffff

func TestMessages(t *testing.T) {
	r := &recorder{}
	addr := start(t, r, nil)
	for _, protocol := range []uint32{everything, 0} {
		m := dial(t, addr, protocol)
		answered := protocol == 0
		m.send('C', "client.example\x004\x12\x34192.0.2.1\x00")
		if answered {
			m.receive()
		}
		m.send('H', "helo.example\x00")
		if answered {
			m.receive()
		}
		blank := " "
		if answered {
			blank = ""
		}
		header := []string{"Subject\x00" + blank + "hi\x00", "x-fivefifty\x00" + blank + "clean, honest\x00", "X-Folded\x00" + blank + "a\n\tb\x00"}
		clean := m.deliver(answered, header, "hello\r\n", "")
		if len(clean) != 3 || clean[0] != "m \x00\x00\x00\x01X-Fivefifty\x00\x00" || !strings.HasPrefix(clean[1], "h X-Fivefifty\x00"+blank+"clean ") || clean[2] != "c " {
			t.Errorf("clean: %q", clean)
		}
		for name, c := range map[string]struct {
			body, last string
			want       string
		}{
			"malicious":             {marker, "", "y 550 5.7.1 100%% virus\x00"},
			"malicious at the end":  {"x", marker, "y 550 5.7.1 100%% virus\x00"}, // "E" may hold the last bytes
			"an engine that failed": {"broken-engine", "", "y 451 4.7.1 "},
		} {
			if got := m.deliver(answered, header, c.body, c.last); !strings.HasPrefix(got[len(got)-1], c.want) {
				t.Errorf("%s: %q", name, got)
			}
		}
		held := m.deliver(answered, nil, "suspicious", "")
		if !slices.ContainsFunc(held, func(a string) bool { return strings.HasPrefix(a, "q fivefifty: ") }) || held[len(held)-1] != "c " {
			t.Errorf("held: %q", held)
		}
		m.send('Q', "")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bodies[0] != "hello\r\n" {
		t.Errorf("body: %q", r.bodies[0])
	}
	for _, env := range r.envs { // also of the connection's later messages
		if env.ClientAddr != "192.0.2.1" || env.HELO != "helo.example" || env.Sender != "a@example.org" ||
			env.QueueID != "QUEUE1" && env.QueueID != "" || len(env.Recipients) != 1 {
			t.Errorf("envelope: %+v", env)
		}
	}
}

// A message that is given up leaves nothing for the next one.
func TestAbort(t *testing.T) {
	r := &recorder{}
	m := dial(t, start(t, r, nil), everything)
	m.send('M', "<a@example.org>\x00")
	m.send('B', marker)
	m.send('A', "")
	if got := m.deliver(false, nil, "hello", ""); got[len(got)-1] != "c " {
		t.Errorf("%q", got)
	}
}

// While a scan goes on the MTA hears from us.
func TestProgress(t *testing.T) {
	r := &recorder{wait: 300 * time.Millisecond}
	m := dial(t, start(t, r, func(o *Options) { o.Progress = 20 * time.Millisecond }), everything)
	got := m.deliver(false, nil, marker, "")
	if len(got) < 3 || got[0] != "p " || !strings.HasPrefix(got[len(got)-1], "y 550") {
		t.Errorf("%q", got)
	}
}

// The scanner gets the bytes that the client sent, but for the Received field that
// the MTA adds and keeps to itself.
func TestExactBytes(t *testing.T) {
	var mu sync.Mutex
	var got *scanner.Report
	addr := start(t, &recorder{}, func(o *Options) {
		o.Observe = func(r *scanner.Report) { mu.Lock(); defer mu.Unlock(); got = r }
	})
	m := dial(t, addr, everything)
	m.deliver(false, []string{"Subject\x00  two blanks \x00", "X-None\x00none\x00", "X-Empty\x00\x00", "X-Tab\x00\ttab\x00",
		"X-Folded\x00 a\n\tb\n c\x00", "X-Raw\x00 caf\xe9 \x01\r\x00", "X-Odd \x00 blank before the colon\x00"}, "one\r\ntwo\n", "three")
	want := sha256.Sum256([]byte("Subject:  two blanks \r\nX-None:none\r\nX-Empty:\r\nX-Tab:\ttab\r\nX-Folded: a\r\n\tb\r\n c\r\n" +
		"X-Raw: caf\xe9 \x01\r\r\nX-Odd : blank before the colon\r\n\r\none\r\ntwo\nthree"))
	mu.Lock()
	defer mu.Unlock()
	if !bytes.Equal(got.Objects[0].SHA256, want[:]) {
		t.Errorf("%+v", got.Objects[0])
	}
}

// Recipients without end are counted, but not kept.
func TestManyRecipients(t *testing.T) {
	r := &recorder{}
	m := dial(t, start(t, r, nil), everything)
	m.send('M', "<a@example.org>\x00")
	for range 2 * maxRecipients {
		m.send('R', "<"+strings.Repeat("b", 2*maxFact)+">\x00")
	}
	m.send('B', "hello")
	m.send('E', "")
	for code := byte(0); code != 'c'; {
		code, _ = m.receive()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if to := r.envs[0].Recipients; len(to) != maxRecipients || len(to[0]) != maxFact {
		t.Errorf("%d recipients", len(to))
	}
}

func TestMalformed(t *testing.T) {
	addr := start(t, &recorder{}, nil)
	for _, data := range []string{"\x00\x00\x00\x02Mx" /* before the negotiation */, "\x00\x00\x00\x00", "\xff\xff\xff\xffx", "\x00\x00\x00\x02Ox", "\x00\x00\x00\x0dO\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"} {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		nc.SetDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(nc, data)
		if got, err := io.ReadAll(nc); len(got) > 0 || err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %q, %v", data, got, err)
		}
		nc.Close()
	}
}
