package scanner

import (
	"encoding/base64"
	"strings"
	"testing"
)

// der is a value of ASN.1 below 64 KiB.
func der(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

const pkcs7 = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"

// signed is a signature with its content (RFC 5652 section 5), without certificates.
func signed(content string) []byte {
	inner := der(0x30, pkcs7+"\x01", der(0xA0, der(0x04, content)))
	return []byte(der(0x30, pkcs7+"\x02", der(0xA0, der(0x30, "\x02\x01\x01", der(0x31), inner, der(0x31)))))
}

// TestSignedMessage has a message in a signature: it is walked as a message,
// whatever its first field is.
func TestSignedMessage(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte(marker))
	entity := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n" +
		"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\n" + secret + "\r\n--b--\r\n"
	r := scanString(t, newScanner(t, Config{}), mail(part{"smime.p7m", "application/pkcs7-mime", signed(entity)}))
	if o := object(t, r, "1/smime.p7m/content.eml/1/a.bin"); r.Verdict != VerdictMalicious || len(o.Findings) != 1 {
		t.Errorf("%v, %+v", r.Verdict, o)
	}
	enveloped := der(0x30, pkcs7+"\x03", der(0xA0, der(0x30, "\x02\x01\x00")))
	r = scanString(t, newScanner(t, Config{}), mail(part{"smime.p7m", "application/pkcs7-mime", []byte(enveloped)}))
	if r.Verdict != VerdictUnchecked || reasons(r)[ReasonEncrypted] == 0 {
		t.Errorf("enveloped: %v, %v", r.Verdict, reasons(r))
	}
	detached := der(0x30, pkcs7+"\x02", der(0xA0, der(0x30, "\x02\x01\x01", der(0x31), der(0x30, pkcs7+"\x01"), der(0x31))))
	r = scanString(t, newScanner(t, Config{}), mail(part{"smime.p7s", "application/pkcs7-signature", []byte(detached)}))
	if r.Verdict != VerdictClean {
		t.Errorf("detached: %v, %v", r.Verdict, reasons(r))
	}
}
