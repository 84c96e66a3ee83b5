package mime

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/emersion/go-message"
)

// writeMail writes a well-formed entity and its parts with go-message.
func writeMail(t *testing.T, r *rand.Rand, w *message.Writer, depth int) {
	t.Helper()
	for range 1 + r.IntN(3) {
		var h message.Header
		multi := depth < 3 && r.IntN(3) == 0
		enc := []string{"base64", "quoted-printable", "7bit"}[r.IntN(3)]
		if multi {
			h.SetContentType("multipart/mixed", nil)
		} else {
			h.SetContentType("application/octet-stream", map[string]string{"name": fmt.Sprintf("f%d.bin", r.IntN(1000))})
			h.Set("Content-Transfer-Encoding", enc)
		}
		p, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if multi {
			writeMail(t, r, p, depth+1)
		} else if enc == "7bit" {
			io.WriteString(p, strings.Repeat("a plain line\r\n--\r\n", r.IntN(50)))
		} else if enc == "base64" {
			p.Write(randomBytes(r.IntN(5000)))
		} else {
			io.WriteString(p, strings.Repeat("caf\xe9 = \x00\r\n.", r.IntN(50)))
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAgainstGoMessage demands that on well-formed mail both see the same parts.
func TestAgainstGoMessage(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		var mail bytes.Buffer
		var h message.Header
		h.Set("From", "a@example.org")
		h.SetContentType("multipart/mixed", nil)
		w, err := message.CreateWriter(&mail, h)
		if err != nil {
			t.Fatal(err)
		}
		writeMail(t, r, w, 0)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var want []string
		m, err := message.Read(bytes.NewReader(mail.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		err = m.Walk(func(path []int, e *message.Entity, _ error) (err error) {
			ct, params, _ := e.Header.ContentType()
			var body []byte
			if !strings.HasPrefix(ct, "multipart/") {
				if body, err = io.ReadAll(e.Body); err != nil {
					return err
				}
			}
			want = append(want, fmt.Sprintf("%d %s %s %x", len(path), ct, params["name"], body))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		rec := walkPieces(t, mail.Bytes(), 1+r.IntN(500), Limits{})
		var got []string
		for _, x := range rec.all {
			got = append(got, fmt.Sprintf("%d %s %s %x", x.e.Depth, x.e.MediaType, x.e.Params["name"], x.body.Bytes()))
			if len(x.e.Anomalies) > 0 || x.e.Fault != nil || x.e.Reading != "" {
				t.Errorf("seed %d: %q: %v %v %q", seed, x.e.Path, x.e.Anomalies, x.e.Fault, x.e.Reading)
			}
		}
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			t.Fatalf("seed %d: got\n%.2000s\nwant\n%.2000s", seed, g, w)
		}
	}
}
