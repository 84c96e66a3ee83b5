package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// BenchmarkCodecs decodes with each codec, and with the standard library's where it
// has one. Rates are of encoded bytes.
func BenchmarkCodecs(b *testing.B) {
	data := randomBytes(1 << 20)
	text := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog, and so on to the end.\r\n"), 16<<10)
	b64 := base64Lines(data)
	plainQP, binaryQP := qpEncode(text), qpEncode(data)
	for _, c := range []struct {
		enc  string
		name string
		body []byte
	}{
		{"base64", "input=clean", b64},
		{"base64", "input=junk", bytes.ReplaceAll(b64, []byte("\r\n"), []byte("!\r\n"))},
		{"quoted-printable", "input=plain", plainQP},
		{"quoted-printable", "input=binary", binaryQP},
		{"quoted-printable", "input=blanks", bytes.ReplaceAll(plainQP, []byte("\r\n"), []byte(" \r\n"))},
		{"x-uuencode", "input=clean", []byte("begin 644 x\n" + uuLines(data, uuChars))},
		{"x-xxencode", "input=clean", []byte("begin 644 x\n" + uuLines(data, xxChars))},
		{"x-yencode", "input=clean", []byte(yFileOf("x", data))},
		{"mac-binhex40", "input=clean", []byte(binHexOf("x", data, nil))},
	} {
		b.Run("codec="+c.enc+"/"+c.name, func(b *testing.B) { benchDecoder(b, c.enc, c.body) })
	}
	std := func(name string, body []byte, open func(io.Reader) io.Reader) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.Copy(io.Discard, open(bytes.NewReader(body))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	std("codec=base64/input=clean/by=std", b64, func(r io.Reader) io.Reader { return base64.NewDecoder(base64.StdEncoding, r) })
	std("codec=quoted-printable/input=plain/by=std", plainQP, func(r io.Reader) io.Reader { return quotedprintable.NewReader(r) })
	std("codec=quoted-printable/input=binary/by=std", binaryQP, func(r io.Reader) io.Reader { return quotedprintable.NewReader(r) })
}

// BenchmarkCarve walks texts with files in them.
func BenchmarkCarve(b *testing.B) {
	data := randomBytes(1 << 20)
	line := "A line of ordinary text, as it stands in an ordinary message.\r\n"
	for name, text := range map[string]string{
		"file=uuencode": "begin 644 x\n" + uuLines(data, uuChars),
		"file=yenc":     yFileOf("x", data),
		"file=binhex":   binHexOf("x", data, nil),
		"file=pem":      "-----BEGIN PKCS7-----\n" + string(base64Lines(data)) + "-----END PKCS7-----\n",
		"file=none":     strings.Repeat(line, 16<<10),
	} {
		b.Run(name, func(b *testing.B) {
			msg := []byte("Subject: x\r\n\r\n" + text)
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Walk(bytes.NewReader(msg), &discard{}, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
