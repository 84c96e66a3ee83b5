package maillog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

func TestMessageID(t *testing.T) {
	for in, want := range map[string]string{
		"Subject: x\r\nMessage-ID: <a@b>\r\nTo: c\r\n\r\nMessage-ID: <no>\r\n": "<a@b>",
		"MESSAGE-id :\r\n <folded@b>\r\n\r\n":                                  "<folded@b>",
		"Subject: x\r\n\r\nMessage-ID: <no>\r\n":                               "",
		"":                                                                     "",
		"Message-ID: " + strings.Repeat("x", 1000):                             strings.Repeat("x", 200),
		"X: " + strings.Repeat("x", maxHead) + "\r\nMessage-ID: <far>\r\n": "",
	} {
		for _, n := range []int{1, 7, len(in) + 1} {
			var m MessageID
			for rest := in; rest != ""; rest = rest[min(n, len(rest)):] {
				m.Write([]byte(rest[:min(n, len(rest))]))
			}
			if got := m.String(); got != want {
				t.Errorf("%.40q in pieces of %d: %q", in, n, got)
			}
		}
	}
}

func TestMessage(t *testing.T) {
	var b bytes.Buffer
	r := &scanner.Report{Verdict: scanner.VerdictMalicious, Disposition: scanner.Reject, Reference: "R-1", Objects: []*scanner.Object{
		{Path: "1/x.exe", Findings: []scanner.Finding{{Signature: "Sig", Class: scanner.ClassMalicious}}},
	}}
	Message(slog.New(slog.NewTextHandler(&b, nil)), Line{
		Envelope: &scanner.Envelope{QueueID: "Q", ClientAddr: "192.0.2.1", Sender: "a\n@b", Recipients: []string{"c"}}, Origin: "P",
		MessageID: "<m>", Size: 5, Reply: "550 no", Report: r, Duration: time.Millisecond,
	})
	_, got, _ := strings.Cut(b.String(), "level=")
	if want := `INFO msg=message queue_id=Q origin_id=P message_id=<m> client=192.0.2.1 from="a\n@b" to=[c] size=5 reply="550 no" ` +
		"verdict=malicious disposition=reject reference=R-1 signature=Sig object=1/x.exe duration=1ms\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
