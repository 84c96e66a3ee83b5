package mime

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/vectors")

// The payload of an attack and that of its benign twin. Neither may stand in a
// message as it is, unless a reader takes it from there as it is.
const (
	marker   = "!FIVEFIFTY-MARKER-attack!"
	harmless = "!FIVEFIFTY-MARKER-benign!"
)

// vector is one message that breaks one rule.
type vector struct {
	name    string
	reads   string // who reads mail so, as the source says
	rfc     string // section that the message breaks
	label   string // of a reading in which the payload stands; "" is any
	anomaly string // that the message bears; "" is none
	fault   error  // class of a fault that the message bears; nil is none
	part    bool   // the payload stands in a larger leaf
	make    func(payload string) string
}

// message writes the vector with a payload. "\n" in a vector is CRLF, "␊" a bare
// LF.
func (v *vector) message(payload string) []byte {
	s := strings.ReplaceAll(v.make(payload), "\n", "\r\n")
	return []byte(strings.ReplaceAll(s, "␊", "\n"))
}

// file is the vector as it stands in testdata: a head of "key: value", a blank
// line, the message.
func (v *vector) file(payload string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "name: %s\nreads: %s\nrfc: %s\n", v.name, v.reads, v.rfc)
	if v.label != "" {
		fmt.Fprintf(&b, "label: %s\n", v.label)
	}
	if v.anomaly != "" {
		fmt.Fprintf(&b, "anomaly: %s\n", v.anomaly)
	}
	if v.fault != nil {
		fmt.Fprintf(&b, "fault: %s\n", v.fault)
	}
	fmt.Fprintf(&b, "payload: %s\n\n", payload)
	b.Write(v.message(payload))
	return b.Bytes()
}

// vectors are all of them, by what they break.
func vectors() []vector {
	return slices.Concat(encodingVectors(), typeVectors(), boundaryVectors(), delimiterVectors(),
		fieldVectors(), textVectors(), hiddenVectors(), combinedVectors(), codecVectors())
}

// walkDeep walks msg, and the messages in it as a caller does that nests.
func walkDeep(t testing.TB, msg []byte) (all []*record) {
	t.Helper()
	type level struct {
		msg   []byte
		depth int
	}
	todo := []level{{msg, 0}}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		for _, r := range walkPieces(t, next.msg, 4096, Limits{}).all {
			all = append(all, r)
			nested := strings.HasPrefix(r.e.MediaType, "message/") || IsMessage(r.body.Bytes())
			if nested && next.depth < 5 && r.e.Kind != Multipart && !bytes.Equal(r.body.Bytes(), next.msg) {
				todo = append(todo, level{r.body.Bytes(), next.depth + 1})
			}
		}
	}
	return all
}

// check says what the vector demands that a walk did not show.
func (v *vector) check(all []*record, payload string) (missing []string) {
	found, anomaly, fault := false, v.anomaly == "", v.fault == nil
	var seen []string
	for _, r := range all {
		anomaly = anomaly || slices.Contains(r.e.Anomalies, v.anomaly)
		fault = fault || r.e.Fault != nil && errors.Is(r.e.Fault, v.fault)
		if r.e.Kind == Multipart {
			continue
		}
		body := r.body.String()
		if strings.TrimRight(body, "\r\n") != payload && !(v.part && strings.Contains(body, payload)) {
			continue
		}
		seen = append(seen, r.e.Reading)
		found = found || v.label == "" || slices.Contains(strings.Split(r.e.Reading, ","), v.label)
	}
	if !found {
		missing = append(missing, fmt.Sprintf("payload in reading %q; seen in %q", v.label, seen))
	}
	if !anomaly {
		missing = append(missing, "anomaly "+v.anomaly)
	}
	if !fault {
		missing = append(missing, "fault "+v.fault.Error())
	}
	return missing
}

func TestVectors(t *testing.T) {
	names := map[string]bool{}
	for _, v := range vectors() {
		if names[v.name] {
			t.Errorf("%s: twice", v.name)
		}
		names[v.name] = true
		t.Run(v.name, func(t *testing.T) {
			for _, payload := range []string{marker, harmless} {
				msg := v.message(payload)
				all := walkDeep(t, msg)
				for _, m := range v.check(all, payload) {
					t.Errorf("no %s", m)
				}
				if t.Failed() {
					t.Logf("message:\n%s", msg)
					for _, r := range all {
						t.Logf("%q %d %s %s [%s] %v %v %q", r.e.Path, r.e.Kind, r.e.MediaType, r.e.Encoding, r.e.Reading, r.e.Anomalies, r.e.Fault, cut(r.body.Bytes()))
					}
					return
				}
				walkAll(t, string(msg), Limits{})
				v.compare(t, payload)
			}
		})
	}
}

func cut(b []byte) []byte { return b[:min(len(b), 300)] }

// compare demands that the vector's file is what the generator makes, or writes
// it.
func (v *vector) compare(t *testing.T, payload string) {
	name := filepath.Join("testdata", "vectors", v.name+".attack")
	if payload == harmless {
		name = filepath.Join("testdata", "vectors", v.name+".benign")
	}
	want := v.file(payload)
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what the generator makes; run go test -update", name)
	}
}

// TestVectorFiles demands that no file is left of a vector that is gone.
func TestVectorFiles(t *testing.T) {
	names := map[string]bool{}
	for _, v := range vectors() {
		names[v.name] = true
	}
	entries, err := os.ReadDir(filepath.Join("testdata", "vectors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		stem := strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".attack"), ".benign")
		if !names[stem] {
			t.Errorf("%s: no vector of this name", e.Name())
		}
	}
}

// The pieces that vectors are made of.

const mailHead = "From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n"

func b64(p string) string { return base64.StdEncoding.EncodeToString([]byte(p)) }

// qpAll writes every byte as an escape.
func qpAll(p string) string {
	var b strings.Builder
	for i := range len(p) {
		fmt.Fprintf(&b, "=%02X", p[i])
	}
	return b.String()
}

func uu(p string) string {
	var b strings.Builder
	b.WriteString("begin 644 a.bin\n")
	for len(p) > 0 {
		line := []byte(p[:min(45, len(p))])
		p = p[len(line):]
		b.WriteByte(' ' + byte(len(line)))
		for len(line)%3 != 0 {
			line = append(line, 0)
		}
		for i := 0; i < len(line); i += 3 {
			n := uint(line[i])<<16 | uint(line[i+1])<<8 | uint(line[i+2])
			for s := 18; s >= 0; s -= 6 {
				if c := byte(n >> s & 63); c == 0 {
					b.WriteByte('`')
				} else {
					b.WriteByte(' ' + c)
				}
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("`\nend")
	return b.String()
}

// attachment is a part's header and body, without the line end before what
// follows.
func attachment(p string) string {
	return "Content-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n\n" + b64(p)
}

// multi is a well-formed multipart with the boundary b0.
func multi(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b0\n" + p + "\n")
	}
	return b.String() + "--b0--\n"
}

const multiType = "Content-Type: multipart/mixed; boundary=b0\n"

// plainPart is a harmless part.
const plainPart = "Content-Type: text/plain\n\nhello"
