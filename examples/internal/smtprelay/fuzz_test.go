package smtprelay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/live"
	"github.com/fivefifty/fivefifty/scanner"
)

// scripted is a client's connection that says what it is given, and listens to
// nothing.
type scripted struct {
	io.Reader
	answers bytes.Buffer
}

func (c *scripted) Write(p []byte) (int, error) { return c.answers.Write(p) }
func (c *scripted) Close() error                { return nil }
func (c *scripted) LocalAddr() net.Addr         { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25} }
func (c *scripted) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000}
}
func (c *scripted) SetDeadline(time.Time) error      { return nil }
func (c *scripted) SetReadDeadline(time.Time) error  { return nil }
func (c *scripted) SetWriteDeadline(time.Time) error { return nil }

// accepted are the digests of the messages that were scanned and may pass.
type accepted struct {
	mu sync.Mutex
	by map[string]int
}

func (a *accepted) observe(r *scanner.Report) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Disposition == scanner.Accept {
		a.by[r.Objects[0].SHA256.String()]++
	}
}

// FuzzSession has a hostile client talk to the relay. Whatever it says: each message
// that the upstream gets is, byte for byte, one that was scanned and accepted, it
// has no line end that servers read differently, and no command has any.
func FuzzSession(f *testing.F) {
	const envelope = "EHLO c\r\nMAIL FROM:<a@c>\r\nRCPT TO:<b@s>\r\n"
	for _, s := range []string{
		envelope + "DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
		envelope + "DATA\r\n" + marker + "\r\n.\r\n" + envelope + "DATA\r\nclean\r\n.\r\n",
		envelope + "DATA\r\nhi\n.\nMAIL FROM:<x@y>\r\nRCPT TO:<b@s>\r\nDATA\r\n" + marker + "\r\n.\r\n.\r\n",
		envelope + "DATA\r\nhi\r\n.\rMAIL FROM:<x@y>\r\n.\r\n..\r\n.\r\n",
		envelope + "BDAT 5\r\nhello BDAT 0 LAST\r\nBDAT 3 LAST\r\n\r\n.",
		"LHLO c\r\nMAIL FROM:<a@c>\r\nRCPT TO:<b@s>\r\nRCPT TO:<c@s>\r\nDATA\r\nx\r\n.\r\nRSET\r\n",
		"EHLO c\r\nXFORWARD NAME=x ADDR=192.0.2.1\r\nXCLIENT ADDR=IPV6:2001:db8::1 HELO=y\r\n" + envelope + "RSET\r\nNOOP\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nHELO x\r\nMAIL FROM:<a@c> SIZE=3 BODY=8BITMIME RET=FULL\r\n",
		"EHLO c\r\nAUTH PLAIN x\r\nMAIL FROM:<\"a\r\n>\"@c>\r\nRCPT TO:<a@b> ORCPT=rfc822;x\r\n",
	} {
		for flags := range uint8(8) {
			f.Add(flags, []byte(s))
		}
	}
	scanners, err := live.New(loadMarker)
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		f.Fatal(err)
	}
	up := newFakeOn(f, l, nil)
	var seen accepted
	f.Fuzz(func(t *testing.T, flags uint8, says []byte) {
		up.mu.Lock()
		up.commands, up.bodies, up.partial, up.odd, up.conns = nil, nil, nil, nil, nil
		up.mu.Unlock()
		seen.by = map[string]int{}
		opts := Options{
			Hostname: "relay.test", Scanners: scanners, Observe: seen.observe, Auth: AuthAlways, Proxy: flags&2 != 0,
			Trusted:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			Upstream: Upstream{Addr: "unix:" + path, TLS: TLSOff, Timeout: 2 * time.Second, Final: 2 * time.Second},
			Log:      slog.New(slog.DiscardHandler),
		}
		if flags&1 != 0 {
			opts.BareNewlines = BareReject
		}
		if flags&4 != 0 {
			opts.Upstream.Addr = "lmtp:" + opts.Upstream.Addr
		}
		r, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		nc := &scripted{Reader: bytes.NewReader(says)}
		r.newSession(nc).Serve()
		checkAnswers(t, nc.answers.String())
		up.mu.Lock()
		defer up.mu.Unlock()
		if len(up.odd) > 0 {
			t.Fatalf("the upstream got the commands %q", up.odd)
		}
		for _, body := range up.bodies {
			digest := sha256.Sum256([]byte(body))
			key := hex.EncodeToString(digest[:])
			if seen.by[key]--; seen.by[key] < 0 {
				t.Fatalf("the upstream got what was not scanned: %q", body)
			}
			if strings.ContainsAny(strings.ReplaceAll(body, "\r\n", ""), "\r\n") {
				t.Fatalf("the upstream got a bare CR or LF: %q", body)
			}
		}
	})
}

// checkAnswers looks whether each line that the client gets is one of a reply.
func checkAnswers(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitAfterSeq(text, "\n") {
		if line == "" {
			continue
		}
		bare := strings.TrimSuffix(line, "\r\n")
		if len(line) > 512 || len(bare) == len(line) || len(bare) < 4 || bare[0] < '2' || bare[0] > '5' || bare[3] != ' ' && bare[3] != '-' || printable(bare) != bare {
			t.Fatalf("answer %q", line)
		}
	}
}
