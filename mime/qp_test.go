package mime

import (
	"bytes"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// TestQPReadings holds what each client makes of a body; Thunderbird's and mutt's
// results follow from their decoders.
func TestQPReadings(t *testing.T) {
	type m = map[string]string
	for _, c := range []struct {
		body string
		want m
	}{
		// Honest bodies have one reading.
		{"", m{"": ""}},
		{"a=3D=\r\nb\r\n=20\r\n", m{"": "a=b\r\n \r\n"}},
		{"a=\nb =\nc=\n\n", m{"": "ab c\n"}},
		{"a b\tc", m{"": "a b\tc"}},
		// Lower case.
		{"=c3=A9=0a", m{"": "\xc3\xa9\n"}},
		// Illegal escapes: alone they are what they are to all.
		{"100=zz x=4 y=_z=\n.", m{"": "100=zz x=4 y=_z."}},
		{"a==3D=41", m{"": "a==A", "qp=tokens": "a==3DA", "qp=doubled": "a=3DA"}},
		{"=4=41=_=41.", m{"": "=4A=_A.", "qp=tokens": "=4=41=_=41."}},
		{"a==\nb", m{"": "a=b", "qp=tokens": "a==\nb", "qp=doubled": "a=\nb"}},
		// Soft breaks.
		{"a= \t\nb", m{"": "ab", "qp=tokens": "a= \t\nb"}},
		{"x\na=\rb", m{"": "x\nab", "qp=lines": "x\na=\rb"}},
		{"a=\r\nb", m{"": "ab"}},
		// The end of the body.
		{"ab=", m{"": "ab", "qp=end-kept": "ab="}},
		{"a=41=", m{"": "aA"}},
		{"ab= ", m{"": "ab", "qp=end-kept": "ab= "}},
		{"ab=4", m{"": "ab=4", "qp=end-dropped": "ab"}},
		// Blanks before a line end.
		{"a \t\r\nb =20 \r\nc  d\r\n", m{"": "a \t\r\nb   \r\nc  d\r\n", "qp=lines": "a\r\nb  \r\nc  d\r\n"}},
		{"a=0D\nb", m{"": "a\r\nb", "qp=lines": "a\nb"}},
		{"a=0D=0A=\nb", m{"": "a\r\nb"}},
		{"a\x00b\nc", m{"": "a\x00b\nc", "qp=lines": "ac"}},
	} {
		wantReadings(t, "quoted-printable", c.body, c.want)
	}
}

// TestQPBenign demands one reading and no anomaly of what encoders write.
func TestQPBenign(t *testing.T) {
	text := []byte(strings.Repeat("The quick brown fox, caf\xc3\xa9 = 1. \t\r\n\r\n.\r\n  indented\t x\r\n", 300))
	for name, data := range map[string][]byte{"text": text, "binary": randomBytes(20000), "empty": nil} {
		for _, eol := range []string{"\r\n", "\n", "\r"} {
			var enc bytes.Buffer
			w := quotedprintable.NewWriter(&enc)
			w.Binary = name == "binary"
			w.Write(data)
			w.Close()
			body := strings.ReplaceAll(enc.String(), "\r\n", eol)
			want := string(data)
			if name == "text" {
				want = strings.ReplaceAll(want, "\r\n", eol)
			}
			r := walkPieces(t, []byte("Content-Transfer-Encoding: quoted-printable\nContent-Type: a/b\n\n"+body), 777, Limits{})
			if len(r.all) != 1 || len(r.all[0].e.Anomalies) > 0 || r.all[0].body.String() != want {
				t.Errorf("%s, %q: %.300s", name, eol, r)
			}
		}
	}
}
