package mime

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	stdmime "mime"
	stdmultipart "mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message"
)

// leafBody is a leaf as another parser gives it.
type leafBody struct {
	by   string
	body []byte
}

// stdLeaves walks msg with net/mail and mime/multipart. Leaves that these can't
// decode are left out.
func stdLeaves(msg []byte) (all []leafBody) {
	m, err := mail.ReadMessage(bytes.NewReader(msg))
	if err != nil {
		return nil
	}
	type entity struct {
		ct, cte string
		body    io.Reader
		depth   int
	}
	todo := []entity{{m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0}}
	for len(todo) > 0 && len(all) < 100 {
		e := todo[0]
		todo = todo[1:]
		mediaType, params, err := stdmime.ParseMediaType(e.ct)
		if err == nil && strings.HasPrefix(mediaType, "multipart/") && params["boundary"] != "" && e.depth < 5 {
			r := stdmultipart.NewReader(e.body, params["boundary"])
			for {
				p, err := r.NextRawPart()
				if err != nil {
					break
				}
				body, err := io.ReadAll(p)
				if err != nil {
					break // the rest is not sure either
				}
				todo = append(todo, entity{p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), bytes.NewReader(body), e.depth + 1})
			}
			continue
		}
		if strings.Contains(strings.ToLower(e.ct), "multipart") {
			continue // it gave up
		}
		body := e.body
		switch strings.ToLower(e.cte) {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "", "7bit", "8bit", "binary":
		default:
			continue // it knows no other
		}
		if b, err := io.ReadAll(body); err == nil {
			all = append(all, leafBody{"net/mail", b})
		}
	}
	return all
}

// emersionLeaves walks msg with go-message.
func emersionLeaves(msg []byte) (all []leafBody) {
	m, err := message.Read(bytes.NewReader(msg))
	if err != nil {
		return nil
	}
	_ = m.Walk(func(path []int, e *message.Entity, err error) error {
		if err != nil || len(all) >= 100 {
			return errors.New("stop")
		}
		ct, params, _ := e.Header.ContentType()
		if raw := strings.ToLower(e.Header.Get("Content-Type")); strings.HasPrefix(ct, "multipart/") && params["boundary"] != "" || strings.Contains(raw, "multipart") {
			return nil
		}
		b, err := io.ReadAll(e.Body)
		if err != nil {
			return err
		}
		all = append(all, leafBody{"go-message", b})
		return nil
	})
	return all
}

// mailWriter writes well-formed mail in the many ways that the grammar has.
type mailWriter struct {
	r     *rand.Rand
	b     bytes.Buffer
	bound int
	want  [][]byte // the leaves' bodies
}

func (w *mailWriter) pick(list ...string) string { return list[w.r.IntN(len(list))] }

// fws is folding white space, or none.
func (w *mailWriter) fws() string { return w.pick("", "", " ", "  ", "\t", "\r\n ", "\r\n\t") }

// caps bends the case of a word that has none.
func (w *mailWriter) caps(s string) string {
	return w.pick(s, s, strings.ToUpper(s), strings.ToUpper(s[:1])+s[1:])
}

func (w *mailWriter) field(name, value string) {
	w.b.WriteString(w.caps(name) + ":" + w.fws() + value + w.pick("", "", " ") + "\r\n")
}

func (w *mailWriter) extra() {
	for range w.r.IntN(3) {
		w.field(w.pick("X-Mailer", "Content-Description", "Content-ID", "Received", "Subject", "Content-Language"),
			w.pick("x", "a b", "<a@b>", "from a by b;\r\n\tMon, 1 Jan 2024 00:00:00 +0000", "multipart/mixed", "=?utf-8?Q?=C3=A9?="))
	}
}

// entity writes an entity's header and body; the body ends without a line end of
// its own.
func (w *mailWriter) entity(depth int) {
	w.extra()
	if depth < 4 && (depth == 0 || w.r.IntN(3) == 0) {
		w.multipart(depth)
		return
	}
	enc := w.pick("base64", "quoted-printable", "7bit", "")
	if w.r.IntN(4) > 0 {
		w.field("Content-Type", w.caps(w.pick("text", "application"))+"/"+w.caps(w.pick("plain", "octet-stream", "x-y"))+
			w.pick("", ";"+w.fws()+"charset=us-ascii", ";"+w.fws()+"name=\"a b.bin\"", "; x=\"a\\\"b;c\""))
	}
	if enc != "" {
		w.field("Content-Transfer-Encoding", w.caps(enc))
	}
	w.extra()
	w.b.WriteString("\r\n")
	w.body(enc)
}

func (w *mailWriter) body(enc string) {
	data := make([]byte, w.r.IntN(300))
	for i := range data {
		data[i] = byte(w.r.IntN(256))
	}
	switch enc {
	case "base64":
		w.b.Write(bytes.TrimRight(base64Lines(data), "\r\n"))
	case "quoted-printable":
		encoded := bytes.TrimRight(qpEncode(data), "\r\n")
		w.b.Write(encoded)
		data, _ = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
	default:
		var text strings.Builder
		for range w.r.IntN(6) {
			text.WriteString(w.pick("a line of text", "", "-- ", "--", "----", "- a", "x: y", "=", "a--b", " --x") + "\r\n")
		}
		data = []byte(text.String() + "z")
		w.b.Write(data)
	}
	w.want = append(w.want, data)
}

func (w *mailWriter) multipart(depth int) {
	w.bound++
	// The mark behind the number keeps one boundary from beginning another, which RFC
	// 2046 section 5.1.1 forbids.
	boundary := fmt.Sprintf("%s%d_%s", w.pick("=_", "b", "----=_Part ", "'()+,./:?", "-"), w.bound, strings.Repeat("x", w.r.IntN(50)))
	value := w.caps("multipart") + "/" + w.pick("mixed", "alternative", "related", "x-y") + ";" + w.fws() +
		w.pick("", "charset=x; ", "type=\"text/plain\";\r\n ") + w.caps("boundary") + "=\"" + boundary + "\"" + w.pick("", "; x=y")
	w.field("Content-Type", value)
	w.extra()
	w.b.WriteString("\r\n" + w.pick("", "This is a message in parts.\r\n", "\r\n"))
	for range 1 + w.r.IntN(3) {
		w.b.WriteString("--" + boundary + w.pick("", "", " ", "\t") + "\r\n")
		w.entity(depth + 1)
		w.b.WriteString("\r\n")
	}
	w.b.WriteString("--" + boundary + "--" + w.pick("", "\r\n", "\r\nbye\r\n"))
}

// TestAgainstOthers demands that on well-formed mail all see the same leaves.
func TestAgainstOthers(t *testing.T) {
	for seed := range uint64(400) {
		differential(t, seed, 1)
	}
}

// FuzzWellFormed does so for as long as it is let.
func FuzzWellFormed(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, seed*7)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { differential(t, a, b) })
}

func differential(t *testing.T, a, b uint64) {
	t.Helper()
	w := mailWriter{r: rand.New(rand.NewPCG(a, b))}
	w.b.WriteString("From: a@example.org\r\nMIME-Version: 1.0\r\n")
	w.entity(0)
	msg := w.b.Bytes()
	rec := walkPieces(t, msg, 1+w.r.IntN(200), Limits{})
	var ours [][]byte
	for _, r := range rec.all {
		if r.e.Kind == Leaf {
			ours = append(ours, r.body.Bytes())
		}
		if len(r.e.Anomalies) > 0 || r.e.Fault != nil || r.e.Reading != "" {
			t.Errorf("%q: %v %v %q\n%s", r.e.Path, r.e.Anomalies, r.e.Fault, r.e.Reading, msg)
		}
	}
	equal := func(by string, want [][]byte) {
		if !slices.EqualFunc(ours, want, bytes.Equal) {
			t.Errorf("%s differs: got\n%q\nwant\n%q\nin\n%s", by, ours, want, msg)
		}
	}
	equal("the writer", w.want)
	for _, others := range [][]leafBody{stdLeaves(msg), emersionLeaves(msg)} {
		var bodies [][]byte
		for _, o := range others {
			bodies = append(bodies, o.body)
		}
		if len(others) > 0 {
			sorted := slices.SortedFunc(slices.Values(bodies), bytes.Compare)
			mine := slices.SortedFunc(slices.Values(ours), bytes.Compare)
			if !slices.EqualFunc(sorted, mine, bytes.Equal) {
				t.Errorf("%s differs: got\n%q\nwant\n%q\nin\n%s", others[0].by, mine, sorted, msg)
			}
		} else {
			t.Errorf("another parser finds nothing in\n%s", msg)
		}
	}
}

// FuzzAgainstOthers demands that on arbitrary bytes we find what others find: as
// a leaf, or within one that takes in more, as where we see no header.
func FuzzAgainstOthers(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(strings.ReplaceAll(s, "\n", "\r\n")))
	}
	for i, v := range vectors() {
		if msg := v.message(harmless); i%2 == 0 && len(msg) < 4096 {
			f.Add(msg)
		}
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		if len(msg) > 16<<10 {
			return
		}
		others := append(stdLeaves(msg), emersionLeaves(msg)...)
		if len(others) == 0 {
			return
		}
		all := walkDeep(t, msg)
		bodies := map[string]bool{}
		for _, r := range all {
			if r.e.Fault != nil {
				return // not all was read, and the walk says so
			}
			bodies[normal(r.body.Bytes())] = true
		}
		for _, o := range others {
			if key := normal(o.body); key != "" && !bodies[key] && !within(bodies, key) {
				t.Errorf("%s finds %q in\n%q\n%s", o.by, o.body, msg, (&recorder{all: all}).String())
			}
		}
	})
}

// within reports whether a body stands in one of ours.
func within(bodies map[string]bool, body string) bool {
	for b := range bodies {
		if strings.Contains(b, body) {
			return true
		}
	}
	return false
}

// normal is a body without what parsers count differently: the blanks and line ends
// around it, where a message mixes line ends or it is a preamble, and blanks at the
// ends of lines, which are padding in quoted-printable (RFC 2045 section 6.7).
func normal(b []byte) string {
	s := blanksAtEnd.ReplaceAllString(string(b), "\n")
	return strings.Trim(s, " \t\r\n")
}

var blanksAtEnd = regexp.MustCompile("[ \t\r]*\n")
