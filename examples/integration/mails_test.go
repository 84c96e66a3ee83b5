//go:build integration

package integration

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// plainMail is a message with a body as it is given.
func plainMail(subject, body string) string {
	return "From: a@sender.test\r\nTo: b@rcpt.test\r\nSubject: " + subject +
		"\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@sender.test>\r\n" +
		"MIME-Version: 1.0\r\nX-Folded: one\r\n\ttwo\r\n  three\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body
}

// attached is a message with one attachment.
func attached(subject, name string, content []byte) string {
	return "From: a@sender.test\r\nTo: b@rcpt.test\r\nSubject: " + subject +
		"\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n" +
		"--=_b\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n--=_b\r\nContent-Type: application/octet-stream; name=\"" + name +
		"\"\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines64(content) + "--=_b--\r\n"
}

func lines64(content []byte) string {
	var b strings.Builder
	for text := base64.StdEncoding.EncodeToString(content); text != ""; {
		n := min(len(text), 76)
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return b.String()
}

// forwarded is a message that has another one within.
func forwarded(subject, inner string) string {
	return "From: a@sender.test\r\nTo: b@rcpt.test\r\nSubject: " + subject +
		"\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_outer\"\r\n\r\n" +
		"--=_outer\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "\r\n--=_outer--\r\n"
}

func zipOf(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	must(t, err)
	_, err = f.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// cleanBodies are what an MTA or a filter might change on its way.
var cleanBodies = map[string]string{
	"short":      "hello\r\n",
	"dots":       ".\r\n..\r\n.dot\r\nend.\r\n",
	"blanks":     "trailing \t \r\n\r\n\r\nFrom the start\r\n>From\r\n\r\n",
	"eight bits": "caf\xe9 \x80\xff\r\n",
	"long":       strings.Repeat("0123456789abcdef 0123456789abcdef 0123456789abcdef\r\n", 20_000),
}

// infected are messages that must not pass.
func infected(t *testing.T) map[string]string {
	return map[string]string{
		"attached":            attached("infected attached", "eicar.com", []byte(eicar)),
		"zip in nested mail":  forwarded("infected nested", attached("inner", "a.zip", zipOf(t, "eicar.com", []byte(eicar)))),
		"zip in zip, forward": forwarded("infected deep", forwarded("inner", attached("innermost", "a.zip", zipOf(t, "b.zip", zipOf(t, "e.com", []byte(eicar)))))),
	}
}
