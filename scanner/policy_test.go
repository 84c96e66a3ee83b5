package scanner

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
)

var pe = func() []byte {
	b := make([]byte, 512)
	copy(b, "MZ")
	b[0x3c] = 0x80
	copy(b[0x80:], "PE\x00\x00\x4c\x01")
	return b
}()

func TestPolicy(t *testing.T) {
	program := mail(part{name: "a.zip", body: zipped(t, part{name: "a.exe", body: pe})})
	tests := []struct {
		name    string
		policy  Policy
		msg     string
		verdict Verdict
		reply   string
	}{
		{"default lets programs pass", Policy{}, program, VerdictClean, "250 2.0.0"},
		{"type inside", Policy{BlockTypesInside: ExecutableTypes()}, program, VerdictBlocked, "550 5.7.1"},
		{"type inside is not outside", Policy{BlockTypesInside: ExecutableTypes()}, mail(part{name: "a.exe", body: pe}), VerdictClean, "250 2.0.0"},
		{"type anywhere", Policy{BlockTypes: []string{"pe"}}, mail(part{name: "a.txt", body: pe}), VerdictBlocked, "550 5.7.1"},
		{"name", Policy{BlockNames: []string{"*.scr"}}, mail(part{name: "A.SCR. ", body: []byte("x")}), VerdictBlocked, "550 5.7.1"},
		{"double extension", Policy{BlockAnomalies: []string{AnomalyDoubleExtension}}, mail(part{name: "invoice.pdf.exe", body: pe}), VerdictBlocked, "550 5.7.1"},
		{"bidi", Policy{BlockAnomalies: []string{AnomalyBidiOverride}}, mail(part{name: "=?utf-8?b?" + b64("a\u202Efdp.exe") + "?=", body: pe}), VerdictBlocked, "550 5.7.1"},
		{"contradiction", Policy{BlockAnomalies: []string{AnomalyTypeContradicts}}, mail(part{name: "a.jpg", body: pe}), VerdictBlocked, "550 5.7.1"},
		{"malicious accepted", Policy{Findings: map[Class]Disposition{ClassMalicious: Accept}}, mail(part{name: "a", body: []byte(marker)}), VerdictMalicious, "250 2.0.0"},
		{"malicious deferred", Policy{Findings: map[Class]Disposition{ClassMalicious: Defer}}, mail(part{name: "a", body: []byte(marker)}), VerdictMalicious, "451 4.7.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := scanString(t, newScanner(t, Config{Policy: tt.policy}), tt.msg)
			if r.Verdict != tt.verdict || !strings.HasPrefix(r.Reply.String(), tt.reply) {
				for _, o := range r.Objects {
					t.Logf("%q type %s names %q anomalies %q unchecked %v", o.Path, o.Type, o.Names, o.Anomalies, o.Unchecked)
				}
				t.Errorf("verdict %v, reply %q", r.Verdict, r.Reply)
			}
		})
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestWrongConfig(t *testing.T) {
	for name, cfg := range map[string]Config{
		"negative limit": {Limits: Limits{Depth: -1}},
		"unknown type":   {Policy: Policy{BlockTypes: []string{"nonsense"}}},
		"bad pattern":    {Policy: Policy{BlockNames: []string{"["}}},
		"bad verb":       {Policy: Policy{VirusText: "100%"}},
		"nil engine":     {Engines: []Engine{nil}},
		"bad class":      {Policy: Policy{Findings: map[Class]Disposition{99: Reject}}},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What is in a mail must not shape the reply.
func TestReplyIsSafeForTheWire(t *testing.T) {
	evil := engineFunc(func(context.Context, *Object) ([]Finding, error) {
		return []Finding{{Signature: "a\r\n250 OK\x00ü\u202e" + strings.Repeat("x", 2000), Class: ClassMalicious}}, nil
	})
	s := newScanner(t, Config{Engines: []Engine{evil}, Policy: Policy{VirusText: "100%% %s (%r)"}})
	got := scanString(t, s, "Subject: x\r\n\r\nx").Reply.String()
	if len(got) > 510 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("reply %q", got)
	}
	if !strings.HasPrefix(got, "550 5.7.1 100% a??250 OK") {
		t.Errorf("reply %q", got)
	}
}

// The gravest disposition decides, whatever else is true.
func TestReplyOfSeveralCauses(t *testing.T) {
	both := engineFunc(func(ctx context.Context, o *Object) ([]Finding, error) {
		if o.Name() == "slow" {
			return nil, context.DeadlineExceeded
		}
		return markerEngine{}.Inspect(ctx, o)
	})
	s := newScanner(t, Config{Engines: []Engine{both}})
	slow := part{name: "slow", body: []byte("x")}
	if r := scanString(t, s, mail(slow)); r.Verdict != VerdictUnchecked || r.Reply.Code != 451 {
		t.Errorf("slow: %v %v", r.Verdict, r.Reply)
	}
	if r := scanString(t, s, mail(slow, part{name: "m", body: []byte(marker)})); r.Verdict != VerdictMalicious || r.Reply.Code != 550 {
		t.Errorf("both: %v %v", r.Verdict, r.Reply)
	}
}

func TestEveryReasonHasAReply(t *testing.T) {
	for i := range reasonNames {
		for _, table := range []map[string]Reply{replies} {
			row, ok := table[Reason(i).String()]
			if !ok || row.Code/100 != int(row.Enhanced[0]-'0') || row.Text != wire(row.Text) {
				t.Errorf("%v: %+v", Reason(i), row)
			}
		}
	}
}

func TestAllowedObjectIsNotRefused(t *testing.T) {
	allow := engineFunc(func(_ context.Context, o *Object) ([]Finding, error) {
		if o.Name() == "known.bin" {
			return []Finding{{Signature: "Known", Class: ClassAllowed}}, nil
		}
		return nil, nil
	})
	for name, want := range map[string]Verdict{"known.bin": VerdictClean, "other.bin": VerdictMalicious} {
		for _, engines := range [][]Engine{{markerEngine{}, allow}, {allow, markerEngine{}}} {
			s := newScanner(t, Config{Engines: engines})
			r := scanString(t, s, mail(part{name: name, body: []byte(marker)}))
			if r.Verdict != want {
				t.Errorf("%s: %v, want %v", name, r.Verdict, want)
			}
		}
		s := newScanner(t, Config{Engines: []Engine{markerEngine{}, allow}, Policy: Policy{BlockNames: []string{"*.bin"}}})
		if r := scanString(t, s, mail(part{name: name, body: []byte(marker)})); r.Disposition != Reject {
			t.Errorf("%s: the policy's own finding is lost: %v", name, r.Disposition)
		}
	}
}
