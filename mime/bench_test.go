package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// discard takes bytes and drops them.
type discard struct{ n int64 }

func (d *discard) write(p []byte) error { d.n += int64(len(p)); return nil }
func (d *discard) close() error         { return nil }

func (*discard) snapshot(string, []byte) error { return nil }

func (d *discard) Begin(*Entity) io.Writer { return io.Discard }
func (d *discard) End(*Entity)             {}

// randomBytes returns n bytes, the same each time.
func randomBytes(n int) []byte {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	r.Read(b)
	return b
}

// base64Lines encodes b in lines of 76.
func base64Lines(b []byte) []byte {
	enc := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(enc) > 76 {
		out.WriteString(enc[:76] + "\r\n")
		enc = enc[76:]
	}
	out.WriteString(enc + "\r\n")
	return []byte(out.String())
}

func qpEncode(b []byte) []byte {
	var out bytes.Buffer
	w := quotedprintable.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func benchDecoder(b *testing.B, enc string, body []byte) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		d := decoderFor(enc, &Entity{}, &discard{})
		for p := body; len(p) > 0; {
			n := min(len(p), chunk)
			if err := d.write(p[:n]); err != nil {
				b.Fatal(err)
			}
			p = p[n:]
		}
		if err := d.close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBase64(b *testing.B) { benchDecoder(b, "base64", base64Lines(randomBytes(1<<20))) }

func BenchmarkQuotedPrintable(b *testing.B) {
	b.Run("text", func(b *testing.B) {
		text := strings.Repeat("The quick brown fox jumps over the lazy dog, caf\xc3\xa9 = 1.\r\n", 16<<10)
		benchDecoder(b, "quoted-printable", qpEncode([]byte(text)))
	})
	b.Run("binary", func(b *testing.B) {
		benchDecoder(b, "quoted-printable", qpEncode(randomBytes(512<<10)))
	})
}

func BenchmarkWalker(b *testing.B) {
	head := "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=\"----=_Part_1\"\r\n\r\n------=_Part_1\r\nContent-Type: text/plain\r\n\r\nhello\r\n" +
		"------=_Part_1\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=a.zip\r\n\r\n"
	text := strings.Repeat("A line of ordinary text, as it stands in an ordinary message.\r\n", 16<<10)
	for _, bm := range []struct {
		name string
		msg  []byte
	}{
		{"mail=attachment", append(append([]byte(head), base64Lines(randomBytes(1<<20))...), "------=_Part_1--\r\n"...)},
		{"mail=text", []byte("From: a\r\nSubject: x\r\n\r\n" + text)},
		{"mail=small", []byte(head + "SGVsbG8=\r\n------=_Part_1--\r\n")},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.msg)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Walk(bytes.NewReader(bm.msg), &discard{}, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
