package mime

import (
	"bytes"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
)

// readingsOf walks a part with a transfer encoding and returns its readings,
// label to body.
func readingsOf(t testing.TB, enc, body string) map[string]string {
	t.Helper()
	r := walkAll(t, "Content-Type: application/octet-stream\nContent-Transfer-Encoding: "+enc+"\n\n"+body, Limits{})
	all := map[string]string{}
	for _, rec := range r.all {
		label, others := strings.CutPrefix(rec.e.Reading, "cte="+rec.e.Encoding)
		if rec.e.Kind != Leaf || others && identity(rec.e.Encoding) {
			continue // the body as it stands, to those who do not know the encoding
		}
		label = strings.TrimPrefix(label, ",")
		if old, twice := all[label]; twice {
			t.Errorf("two readings %q: %q, %q", label, old, rec.body.Bytes())
		}
		all[label] = rec.body.String()
	}
	return all
}

func wantReadings(t *testing.T, enc, body string, want map[string]string) {
	t.Helper()
	if got := readingsOf(t, enc, body); !maps.Equal(got, want) {
		t.Errorf("%q:", body)
		for _, label := range slices.Sorted(maps.Keys(got)) {
			t.Errorf("\tgot  %q: %q", label, got[label])
		}
		for _, label := range slices.Sorted(maps.Keys(want)) {
			t.Errorf("\twant %q: %q", label, want[label])
		}
	}
}

// TestBase64Readings holds what each client makes of a body; Thunderbird's and
// mutt's results follow from their decoders.
func TestBase64Readings(t *testing.T) {
	type m = map[string]string
	for _, c := range []struct {
		body string
		want m
	}{
		// Honest bodies have one reading.
		{"", m{"": ""}},
		{"QUJD", m{"": "ABC"}},
		{"QUJD\r\nREVG\r\n", m{"": "ABCDEF"}},
		{"QUI=\n", m{"": "AB"}},
		{"QQ==\r\n\r\n", m{"": "A"}},
		{" QUJD \t\r\n\tQQ==", m{"": "ABCA"}},
		{"QUJ\nDRE\nVG", m{"": "ABCDEF"}}, // lines of odd length
		{"QQ=\n=\n", m{"": "A"}},
		{"QQ===", m{"": "A"}},
		// Joined streams.
		{"QQ==QkM=REVG", m{"": "ABCDEF", "base64=stop": "A"}},
		{"QUI=\r\nQ0Q=\r\n", m{"": "ABCD", "base64=stop": "AB"}},
		// Padding that fits nowhere.
		{"QUJD=REVG", m{"": "ABCDEF", "base64=stop": "ABC",
			"base64=pad-is-zero": "ABC\x01\x11G===", "base64=pad-is-minus-one": "ABC\xfd\x11\x15", "base64=pad-skipped": "ABCDEF"}},
		{"QQ=QUJD", m{"": "AABC", "base64=stop": "A",
			"base64=pad-is-zero": "A\x00UJD=", "base64=pad-is-minus-one": "A", "base64=pad-skipped": "A\x04\x14$"}},
		{"QUJDR=", m{"": "ABC", "base64=raw-tail": "ABCR==="}},
		{"QUJD====", m{"": "ABC", "base64=pad-is-zero": "ABC\x00", "base64=pad-is-minus-one": "ABC\xff", "base64=pad-skipped": "ABC"}},
		// Ends within a quantum.
		{"QUJDQQ", m{"": "ABCA", "base64=raw-tail": "ABCQQ==", "base64=whole-quanta": "ABC"}},
		{"QUJDQUI", m{"": "ABCAB", "base64=raw-tail": "ABCQUI=", "base64=whole-quanta": "ABC"}},
		{"QUJDQQ=\n", m{"": "ABCA", "base64=raw-tail": "ABCQQ==", "base64=whole-quanta": "ABC"}},
		{"QUJDQ", m{"": "ABC", "base64=raw-tail": "ABCQ==="}},
		// Junk.
		{"QU!JD", m{"": "ABC", "base64=strict": "A", "base64=lines": ""}},
		{"QUJD\nRE\x00VG\nSElK\n", m{"": "ABCDEFHIJ", "base64=strict": "ABCD", "base64=lines": "ABCHIJ"}},
		{"QUJD\n-- \nlist\n", m{"": "ABC\x96+-", "base64=strict": "ABC", "base64=lines": "ABC\x96+-",
			"base64=url": "ABC\xfb\xe9b\xb2"}},
		{"Hello there\nQUJD\n", m{"": "\x1d\xe9e\xa2\xd8^\xad\xe4\x14$", "base64=lines": "ABC",
			"base64=raw-tail": "\x1d\xe9e\xa2\xd8^\xad\xe4\x14JD==", "base64=whole-quanta": "\x1d\xe9e\xa2\xd8^\xad\xe4\x14"}},
		// The URL's alphabet.
		{"-_-_", m{"": "", "base64=strict": "", "base64=url": "\xfb\xff\xbf", "base64=lines": ""}},
	} {
		wantReadings(t, "base64", c.body, c.want)
	}
}

func TestBase64Text(t *testing.T) {
	data := randomBytes(500)
	body := base64Lines(data)
	footer := "_______________________________________________\r\nlist mailing list\r\nlist@lists.example.org\r\n"
	for name, body := range map[string]string{
		"footer": string(body) + footer,
		"both":   "Dear friends,\r\n" + string(body) + footer,
	} {
		if got := readingsOf(t, "base64", body)["base64=lines"]; got != string(data) {
			t.Errorf("%s: %x", name, got)
		}
	}
	got := readingsOf(t, "base64", string(body)+footer)["base64=strict"]
	if got != string(data) {
		t.Errorf("strict: %x", got)
	}
}

// TestBase64Benign demands one reading and no anomaly of what encoders write.
func TestBase64Benign(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 56, 57, 58, 1000, 50000} {
		data := randomBytes(n)
		for name, body := range map[string]string{
			"lines":   string(base64Lines(data)),
			"lf":      strings.ReplaceAll(string(base64Lines(data)), "\r", ""),
			"cr":      strings.ReplaceAll(string(base64Lines(data)), "\n", ""),
			"oneline": base64.StdEncoding.EncodeToString(data),
		} {
			r := walkPieces(t, []byte("Content-Transfer-Encoding: base64\nContent-Type: a/b\n\n"+body), 777, Limits{})
			if len(r.all) != 1 || len(r.all[0].e.Anomalies) > 0 || !bytes.Equal(r.all[0].body.Bytes(), data) {
				t.Errorf("%d bytes, %s: %s", n, name, r)
			}
		}
	}
}
