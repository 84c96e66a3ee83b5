package scanner

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"time"
)

// random returns n bytes that do not compress.
func random(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(1)).Read(b)
	return b
}

// limitCases meet each limit of Limits: cfg holds, over does not.
var limitCases = []struct {
	field  string
	limits Limits
	fits   func(t *testing.T) string
	over   func(t *testing.T) string
	reason Reason
	limit  string
}{
	{"MessageBytes", Limits{MessageBytes: 4000}, sized(4000), sized(4001), ReasonLimit, "message_bytes"},
	{"ObjectBytes", Limits{ObjectBytes: 2000}, attachment(2000), attachment(2001), ReasonLimit, "object_bytes"},
	{"TotalBytes", Limits{TotalBytes: 2000}, attachment(2000), attachment(2001), ReasonLimit, "total_bytes"},
	{"Work", Limits{Work: 1000}, packed(1000), packed(1001), ReasonLimit, "work"},
	{"Ratio", Limits{Ratio: 3}, zeros(32 << 20), zeros(32<<20 + 1), ReasonLimit, "ratio"},
	{"Depth", Limits{Depth: 3}, nestedZip(2), nestedZip(3), ReasonLimit, "depth"},
	{"Objects", Limits{Objects: 5}, manyParts(5), manyParts(6), ReasonLimit, "objects"},
	{"Entities", Limits{Entities: 6}, manyParts(5), manyParts(6), ReasonLimit, "entities"},
	{"Dictionary", Limits{Dictionary: 1 << 20}, farBack(1 << 19), farBack(3 << 19), ReasonLimit, "archive"},
	{"HeaderBytes", Limits{HeaderBytes: 1000}, longHeader(900), longHeader(1100), ReasonLimit, "header"},
}

// notByCount are the fields that are not a count of input, and where they are
// tested.
var notByCount = map[string]string{
	"Time":        "TestTimeLimit",
	"MemoryBytes": "TestNothingIsLeftBehind",
	"KeyWork":     "TestPasswordsCostNoMoreThanAllowed",
}

func sized(n int) func(*testing.T) string {
	return func(*testing.T) string {
		head := "Subject: x\r\n\r\n"
		return head + strings.Repeat("x", n-len(head))
	}
}

func attachment(n int) func(*testing.T) string {
	return func(*testing.T) string { return mail(part{name: "a", body: random(n)}) }
}

func zeros(n int) func(*testing.T) string {
	return func(t *testing.T) string {
		return mail(part{name: "a.zip", body: zipped(t, part{name: "z", body: make([]byte, n)})})
	}
}

func packed(n int) func(*testing.T) string {
	return func(t *testing.T) string {
		return mail(part{name: "a.zip", body: zipped(t, part{name: "z", body: random(n)})})
	}
}

func nestedZip(levels int) func(*testing.T) string {
	return func(t *testing.T) string {
		body := []byte("innermost")
		for range levels {
			body = zipped(t, part{name: "n", body: body})
		}
		return mail(part{name: "a.zip", body: body})
	}
}

func manyParts(n int) func(*testing.T) string {
	return func(*testing.T) string {
		var parts []part
		for i := range n {
			parts = append(parts, part{name: fmt.Sprint(i), body: []byte{byte(i)}})
		}
		return mail(parts...)
	}
}

func longHeader(n int) func(*testing.T) string {
	return func(*testing.T) string { return "X-Long: " + strings.Repeat("x", n) + "\r\n\r\nbody" }
}

func TestLimits(t *testing.T) {
	for _, tt := range limitCases {
		t.Run(tt.field, func(t *testing.T) {
			s := newScanner(t, Config{Limits: tt.limits})
			if r := scanString(t, s, tt.fits(t)); r.Verdict != VerdictClean {
				t.Errorf("at the limit: %v %v", r.Verdict, uncheckedOf(r))
			}
			r := scanString(t, s, tt.over(t))
			if r.Verdict != VerdictUnchecked || r.Disposition != Reject {
				t.Fatalf("over the limit: %v %v", r.Verdict, r.Disposition)
			}
			for _, u := range uncheckedOf(r) {
				if u.Reason == tt.reason && u.Limit == tt.limit {
					return
				}
			}
			t.Errorf("over the limit: %+v", uncheckedOf(r))
		})
	}
}

func uncheckedOf(r *Report) (all []Unchecked) {
	for _, o := range r.Objects {
		all = append(all, o.Unchecked...)
	}
	return all
}

func TestEveryLimitIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range limitCases {
		tested[c.field] = true
	}
	typ := reflect.TypeFor[Limits]()
	for i := range typ.NumField() {
		if name := typ.Field(i).Name; !tested[name] && notByCount[name] == "" {
			t.Errorf("Limits.%s is in no case", name)
		}
	}
}

// What came before a limit is still judged.
func TestPayloadBeforeALimit(t *testing.T) {
	s := newScanner(t, Config{Limits: Limits{ObjectBytes: 2000}})
	body := append([]byte(marker), random(5000)...)
	r := scanString(t, s, mail(part{name: "a", body: body}))
	if r.Verdict != VerdictMalicious || reasons(r)[ReasonLimit] != 1 {
		t.Errorf("%v %v", r.Verdict, uncheckedOf(r))
	}
}

func TestTimeLimit(t *testing.T) {
	slow := engineFunc(func(ctx context.Context, _ *Object) ([]Finding, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	s := newScanner(t, Config{Engines: []Engine{slow}, Limits: Limits{Time: time.Millisecond}})
	r := scanString(t, s, mail(part{name: "a", body: []byte("a")}, part{name: "b", body: []byte("b")}))
	if r.Verdict != VerdictUnchecked || r.Reply.Code != 451 || reasons(r)[ReasonTimeout] != 2 {
		t.Errorf("%v %v %v", r.Verdict, r.Reply, uncheckedOf(r))
	}
}

// The wait for the sender is not the message's time.
func TestWaitingIsNotCounted(t *testing.T) {
	s := newScanner(t, Config{Limits: Limits{Time: 250 * time.Millisecond}})
	pr, pw := io.Pipe()
	go func() {
		io.WriteString(pw, "Subject: x\r\n\r\n")
		time.Sleep(300 * time.Millisecond)
		io.WriteString(pw, "body")
		pw.Close()
	}()
	r, err := s.Scan(context.Background(), pr)
	if err != nil || r.Verdict != VerdictClean {
		t.Errorf("%v %v %v", err, r.Verdict, uncheckedOf(r))
	}
}

// A message that nests for ever is read in bounded time and never clean.
func TestEndlessNesting(t *testing.T) {
	s := newScanner(t, Config{})
	var deep bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	r := scanString(t, s, deep.String())
	if r.Verdict == VerdictClean {
		t.Error("2,000 levels are clean")
	}
	forwarded := strings.Repeat("Subject: x\r\nContent-Type: message/rfc822\r\n\r\n", 2000)
	if r := scanString(t, s, forwarded); r.Verdict == VerdictClean {
		t.Error("2,000 forwards are clean")
	}
}
