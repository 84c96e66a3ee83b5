package warc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// record is a record with every field to choose.
type record struct {
	version string // "": WARC/1.1
	kind    string // "": resource
	length  string // "": the right one; "-": none
	fields  string // more of them
	block   string
	eol     string // "": CR LF
	end     string // "": two empty lines; "-": none
}

func (r record) String() string {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return strings.TrimPrefix(s, "-")
	}
	eol := or(r.eol, "\r\n")
	length := ""
	if r.length != "-" {
		length = "Content-Length: " + or(r.length, fmt.Sprint(len(r.block))) + eol
	}
	return or(r.version, "WARC/1.1") + eol + "WARC-Type: " + or(r.kind, "resource") + eol +
		"WARC-Target-URI: http://example.org/a/run.js?x=1" + eol + strings.ReplaceAll(r.fields, "\r\n", eol) + length + eol + r.block + or(r.end, eol+eol)
}

func response(head, body string) record {
	return record{kind: "response", block: "HTTP/1.1 200 OK\r\n" + head + "\r\n" + body}
}

func bodies(all []archivetest.Got) (list []string) {
	for _, g := range all {
		list = append(list, g.Data)
	}
	return list
}

func TestHonest(t *testing.T) {
	body := archivetest.Payload
	plain := response("Content-Type: text/plain\r\n", body)
	chunked := response("Transfer-Encoding: chunked\r\n", "5;x=y\r\n"+body[:5]+"\r\n"+fmt.Sprintf("%X\r\n", len(body)-5)+body[5:]+"\r\n0\r\n\r\n")
	unchunked := response("Transfer-Encoding: chunked\r\n", "Bad luck: "+body)
	deflated := response("Content-Encoding: deflate\r\n", string(archivetest.Pack(8, body)))
	request := record{kind: "request", block: "POST /a HTTP/1.1\r\nHost: example.org\r\n\r\n" + body}
	for name, c := range map[string]struct {
		data string
		want []string
	}{
		"resource":  {record{block: body}.String(), []string{body}},
		"two":       {record{block: body}.String() + record{version: "WARC/1.0", block: "x"}.String(), []string{body, "x"}},
		"empty":     {record{kind: "warcinfo"}.String() + record{block: body}.String(), []string{"", body}},
		"LF":        {record{block: body, eol: "\n"}.String() + record{block: "x", eol: "\n"}.String(), []string{body, "x"}},
		"response":  {plain.String(), []string{plain.block, body}},
		"chunked":   {chunked.String(), []string{chunked.block, body}},
		"unchunked": {unchunked.String(), []string{unchunked.block, "Bad luck: " + body}},
		"deflate":   {deflated.String(), []string{deflated.block, string(archivetest.Pack(8, body)), body}},
		"request":   {request.String(), []string{request.block, body}},
		"folded":    {record{fields: "WARC-Filename: a\r\n b\r\n", block: body}.String(), []string{body}},
		"nested":    {record{block: record{block: "x"}.String() + body}.String(), []string{record{block: "x"}.String() + body}},
		"log":       {record{block: "1.2.3.4 \"GET / HTTP/1.1\" 200\n\n" + body}.String(), []string{"1.2.3.4 \"GET / HTTP/1.1\" 200\n\n" + body}},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, []byte(c.data))
			if err != nil || !archivetest.Detects([]byte(c.data), Format) || !slices.Equal(bodies(all), c.want) {
				t.Fatalf("%v\n%s", err, archivetest.Listing(all))
			}
			for _, g := range all {
				if g.Fault != nil || g.Names[0] != "run.js" && name != "folded" {
					t.Errorf("%q: %v", g.Names, g.Fault)
				}
			}
			if notes := archivetest.NoteNames(all, r); len(notes) > 0 {
				t.Errorf("anomalies %v", notes)
			}
		})
	}
}

func TestForged(t *testing.T) {
	body, last := archivetest.Payload, record{block: "the last one"}.String()
	hidden := response("", body)
	lying := hidden
	for name, c := range map[string]struct {
		data string
		want []string
	}{
		"too short":   {record{length: "5", block: body}.String() + last, []string{body[:5], body, "the last one"}},
		"zero":        {record{length: "0", block: body}.String() + last, []string{"", body, "the last one"}},
		"too long":    {record{length: "99999", block: body}.String() + last, []string{body, "the last one"}},
		"huge":        {record{length: "9223372036854775807", block: body}.String() + last, []string{body, "the last one"}},
		"negative":    {record{length: "-1", block: body}.String() + last, []string{body, "the last one"}},
		"no number":   {record{length: "0x10", block: body}.String() + last, []string{body, "the last one"}},
		"none":        {record{length: "-", block: body}.String() + last, []string{body, "the last one"}},
		"two lengths": {record{fields: "Content-Length: 7\r\n", block: body}.String() + last, []string{body[:7], body, "the last one"}},
		"no border":   {record{block: body, end: "\n"}.String() + last, []string{body, "the last one"}},
		"case":        {strings.ReplaceAll(record{block: body}.String(), "Content-Length", "CONTENT-LENGTH ") + last, []string{body, "the last one"}},
		"version":     {record{version: "WARC/99.12", block: body}.String() + last, []string{body, "the last one"}},
		"junk":        {record{block: body}.String() + "junk\r\n" + last, []string{body, "the last one"}},
		"payload":     {func() string { lying.length = "9"; return lying.String() + last }(), []string{"HTTP/1.1 ", hidden.block, body, "the last one"}},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := archivetest.ReadAll(t, Format, []byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(bodies(all), func(s string) bool {
					return strings.HasPrefix(s, want) && len(s) <= max(len(want)+8, len(last)+len(want)+8)
				}) {
					t.Errorf("%.60q is missing\n%s", want, archivetest.Listing(all))
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	long := "WARC/1.0\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\nbody"
	if _, _, err := archivetest.ReadAll(t, Format, []byte(long)); !errors.Is(err, level.ErrLimit) {
		t.Errorf("header: %v", err)
	}
	all, _, err := archivetest.ReadAll(t, Format, []byte(response("X: "+strings.Repeat("x", 2*maxHeader)+"\r\n", "body").String()))
	if err != nil || len(all) != 2 || !errors.Is(all[1].Fault, level.ErrLimit) {
		t.Errorf("HTTP: %v", err)
	}
	all, _, err = archivetest.ReadAll(t, Format, []byte(response("Content-Encoding: br\r\n", "body").String()))
	if err != nil || len(all) != 3 || !errors.Is(all[2].Fault, level.ErrUnsupported) {
		t.Errorf("br: %v\n%s", err, archivetest.Listing(all))
	}
	if _, _, err := archivetest.ReadAll(t, Format, []byte(record{kind: "continuation", block: "x"}.String())); !errors.Is(err, level.ErrUnsupported) {
		t.Errorf("segment: %v", err)
	}
	_, r, err := archivetest.ReadAll(t, Format, []byte(record{block: "x"}.String()[:100]))
	if err != nil || len(r.Anomalies()) == 0 {
		t.Errorf("cut: %v", err)
	}
	archivetest.Cheap(t, Format, []byte(record{block: "x"}.String()+strings.Repeat("WARC/", 1<<20)))
	archivetest.Cheap(t, Format, []byte(strings.Repeat(record{length: "1"}.String(), 20_000)))
}

func TestNone(t *testing.T) {
	for _, s := range []string{"WARC/ is what they call it", "WARC/1.0", "WARC/x.y\r\n", "WARC is"} {
		if archivetest.Detects([]byte(s), Format) {
			t.Errorf("%q", s)
		}
	}
}

func samples() map[string]archivetest.Sample {
	return map[string]archivetest.Sample{
		"records": {Format: Format, Data: []byte(record{block: "first"}.String() + response("Transfer-Encoding: chunked\r\n", "5\r\nabcde\r\n0\r\n\r\n").String())},
		"deflate": {Format: Format, Data: []byte(response("Content-Encoding: deflate\r\n", string(archivetest.Pack(8, archivetest.Payload))).String())},
	}
}

func TestSourceFails(t *testing.T) { archivetest.SourceFails(t, samples()) }

func TestByByte(t *testing.T) { archivetest.ByByte(t, samples()) }

// judge reads records as a strict reader does.
const judge = `
import re
def judge(data):
    out, at = [], 0
    while True:
        m = re.compile(rb"WARC/\d\.\d\r\n((?:[^\r\n]+\r\n)*)\r\n").match(data, at)
        if not m: break
        n = re.search(rb"(?im)^content-length: *(\d+)\r$", m.group(1))
        if not n: break
        at = m.end() + int(n.group(1))
        if len(data) < at: break
        block = data[m.end():at]
        out.append(block)
        if block.startswith(b"HTTP/") and b"\r\n\r\n" in block and b"hunked" not in block:
            out.append(block.split(b"\r\n\r\n", 1)[1])
        if data[at:at+4] == b"\r\n\r\n": at += 4
    return [b for b in out if b]
`

func TestJudge(t *testing.T) {
	var honest [][]byte
	for _, s := range samples() {
		honest = append(honest, s.Data)
	}
	honest = append(honest, []byte(record{block: "one"}.String()+response("A: b\r\n", archivetest.Payload).String()+record{block: "three"}.String()))
	archivetest.Judged(t, Format, judge, honest, 4000)
}

func FuzzWARC(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Data)
	}
	f.Add([]byte(record{length: "5", block: "a longer block"}.String() + record{block: "x", eol: "\n"}.String()))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 24<<20) })
}
