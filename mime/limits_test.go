package mime

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// faults lists the limits that entities bear as faults.
func faults(t *testing.T, r *recorder) (out []string) {
	for _, rec := range r.all {
		var le *LimitError
		if rec.e.Fault == nil {
			continue
		}
		if !errors.As(rec.e.Fault, &le) || !errors.Is(rec.e.Fault, ErrLimit) {
			t.Errorf("%q: %v is no LimitError", rec.e.Path, rec.e.Fault)
			continue
		}
		out = append(out, rec.e.Path+":"+le.Limit)
	}
	return out
}

func TestLimits(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", i, i)
		}
		return b.String() + "\nA\n"
	}
	parts := func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nA\n", n) + "--b--\n"
	}
	const part = "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	for _, tt := range []struct {
		name string
		l    Limits
		msg  string
		want []string
	}{
		{"HeaderBytes at max", Limits{HeaderBytes: 46}, "Subject: 0123456789012345678901234567890123\nX:\n\nbody", nil},
		{"HeaderBytes over", Limits{HeaderBytes: 45}, "Subject: 0123456789012345678901234567890123\nX:\n\nbody", []string{"1:header"}},
		{"HeaderBytes in a part", Limits{HeaderBytes: 60}, part + "X: " + strings.Repeat("y\n", 100) + "\nbody\n--b\n\nB\n--b--\n", []string{"1:header"}},
		{"HeaderBytes, one line", Limits{HeaderBytes: 60}, part + "X: " + strings.Repeat("y", 5000) + "\n\nbody\n--b\n\nB\n--b--\n", []string{"1:header"}},
		{"Entities at max", Limits{Entities: 4}, parts(3), nil},
		{"Entities over", Limits{Entities: 4}, parts(4), []string{":entities"}},
		{"Entities far over", Limits{Entities: 4}, parts(4000), []string{":entities"}},
		{"Depth at max", Limits{Depth: 3}, nested(3), nil},
		{"Depth over", Limits{Depth: 3}, nested(4), []string{"1.1.1:depth"}},
		{"Readings at max", Limits{Readings: 2}, "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nAAAA", nil},
		{"Readings over", Limits{Readings: 2}, "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit quoted-printable\n\nAAAA", []string{"1:readings"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := walkAll(t, tt.msg, tt.l)
			if got := faults(t, r); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q, want %q\n%s", got, tt.want, r)
			}
			if strings.HasPrefix(tt.name, "HeaderBytes") {
				if got := r.bodies("1"); len(got) != 1 || got[0] != "body" {
					t.Errorf("bodies of 1: %q", got)
				}
			}
		})
	}
	names := reflect.TypeFor[Limits]()
	for i := range names.NumField() {
		var l Limits
		reflect.ValueOf(&l).Elem().Field(i).SetInt(-1)
		if _, err := NewWalker(&discard{}, l); err == nil {
			t.Errorf("%s: no error for -1", names.Field(i).Name)
		}
	}
}

// failing is a Handler whose writers fail.
type failing struct{ discard }

var errFull = errors.New("full")

func (f *failing) Begin(*Entity) io.Writer     { return f }
func (f *failing) Write(p []byte) (int, error) { return 0, errFull }

func TestHandlerError(t *testing.T) {
	w, err := NewWalker(&failing{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("A: b\n\nc")); !errors.Is(err, errFull) {
		t.Errorf("Write: %v", err)
	}
	for range 2 {
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := w.Write([]byte("c")); err == nil {
		t.Error("Write after Close: no error")
	}
}

func TestWalkReadError(t *testing.T) {
	r := &recorder{t: t}
	in := io.MultiReader(strings.NewReader("A: b\n\nc"), iotestErr{})
	if err := Walk(in, r, Limits{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if got := r.bodies("1"); len(got) != 1 || got[0] != "c" {
		t.Errorf("bodies: %q", got)
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errFull }
