package archive

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
)

// tlv is a value of definite length, in DER.
func tlv(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	n := len(body)
	switch {
	case n < 0x80:
		return string([]byte{tag, byte(n)}) + body
	case n < 1<<16:
		return string([]byte{tag, 0x82, byte(n >> 8), byte(n)}) + body
	}
	return string([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + body
}

// openTLV is a value of indefinite length.
func openTLV(tag byte, parts ...string) string {
	return string([]byte{tag, 0x80}) + strings.Join(parts, "") + "\x00\x00"
}

var smimeEntity = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + payload + "\r\n--b--\r\n"

// cmsOf is a ContentInfo. make joins a tag and its parts, content is the
// encapsulated content with its tag.
func cmsOf(kind string, make func(byte, ...string) string, content string) string {
	algorithms := tlv(0x31, tlv(0x30, tlv(6, "\x60\x86\x48\x01\x65\x03\x04\x02\x01"), tlv(5)))
	if kind == oidCompressed {
		algorithms = tlv(0x30, tlv(6, oidSMIMEContent+"\x08"))
	}
	inner := tlv(6, oidData)
	if content != "" {
		inner += make(0xA0, content)
	}
	return make(0x30, tlv(6, kind), make(0xA0, make(0x30, tlv(2, "\x01"), algorithms, make(0x30, inner), tlv(0x31))))
}

// pieces cuts a content into octet strings of n bytes in one.
func pieces(make func(byte, ...string) string, s string, n int) string {
	var parts []string
	for ; len(s) > n; s = s[n:] {
		parts = append(parts, tlv(4, s[:n]))
	}
	return make(0x24, append(parts, tlv(4, s))...)
}

func TestSMIME(t *testing.T) {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write([]byte(smimeEntity))
	w.Close()
	der := cmsOf(oidSigned, tlv, tlv(4, smimeEntity))
	b64 := base64.StdEncoding.EncodeToString([]byte(der))
	for name, data := range map[string]string{
		"der":              der,
		"ber":              cmsOf(oidSigned, openTLV, pieces(openTLV, smimeEntity, 100)),
		"ber in ber":       cmsOf(oidSigned, openTLV, openTLV(0x24, pieces(openTLV, smimeEntity[:200], 7), tlv(0x24, pieces(tlv, smimeEntity[200:], 50)))),
		"empty pieces":     cmsOf(oidSigned, openTLV, openTLV(0x24, tlv(4, ""), tlv(4, smimeEntity), tlv(4, ""))),
		"digested":         cmsOf(oidDigested, tlv, tlv(4, smimeEntity)),
		"compressed":       cmsOf(oidCompressed, tlv, tlv(4, packed.String())),
		"data":             tlv(0x30, tlv(6, oidData), tlv(0xA0, tlv(4, smimeEntity))),
		"base64":           rtfLines(b64),
		"pem":              "-----BEGIN PKCS7-----\n" + rtfLines(b64) + "\n-----END PKCS7-----\n",
		"cut signature":    der[:len(der)-2],
		"lengths too long": "\x30\x84\x7F\xFF\xFF\xFF" + der[4:],
		"any value":        cmsOf(oidSigned, tlv, tlv(0x30, tlv(4, smimeEntity))),
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, P7M, []byte(data))
			if err != nil || len(all) != 1 {
				t.Fatalf("%d members, %v", len(all), err)
			}
			g := all[0]
			if g.data != smimeEntity || g.err != nil || g.MediaType != "message/rfc822" || len(noteNames(all, r)) > 0 {
				t.Errorf("%d bytes of %d, %v, %q, %v", len(g.data), len(smimeEntity), g.err, g.MediaType, noteNames(all, r))
			}
			if formats := Detect(strings.NewReader(data), int64(len(data))); len(formats) != 1 || formats[0] != P7M {
				t.Errorf("detected: %v", formats)
			}
		})
	}
}

func TestSMIMEWithoutContent(t *testing.T) {
	for name, data := range map[string]string{
		"detached":     cmsOf(oidSigned, tlv, ""),
		"detached ber": cmsOf(oidSigned, openTLV, ""),
	} {
		all, _, err := readAll(t, P7M, []byte(data))
		if err != nil || len(all) != 0 {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
	for _, kind := range []string{oidEnveloped, oidSignedEnveloped, oidEncrypted, oidAuthEnveloped} {
		all, _, err := readAll(t, P7M, []byte(cmsOf(kind, tlv, tlv(4, "x"))))
		if err != nil || len(all) != 1 || !errors.Is(all[0].Err, ErrEncrypted) {
			t.Errorf("%x: %d members, %v", kind, len(all), err)
		}
	}
	signedFile := cmsOf(oidSigned, tlv, tlv(4, "%PDF-1.7 a signed file: with a colon"))
	all, _, err := readAll(t, P7M, []byte(signedFile))
	if err != nil || len(all) != 1 || len(all[0].Names) != 0 || all[0].MediaType != "" {
		t.Errorf("signed file: %+v, %v", all, err)
	}
}

func TestSMIMECut(t *testing.T) {
	whole := cmsOf(oidSigned, openTLV, pieces(openTLV, smimeEntity, 100))
	all, _, err := readAll(t, P7M, []byte(whole[:len(whole)/2]))
	if err != nil || len(all) != 1 || !errors.Is(all[0].err, ErrMalformed) || !strings.HasPrefix(smimeEntity, all[0].data) || len(all[0].data) < 200 {
		t.Errorf("%v, %v", all, err)
	}
	deep := cmsOf(oidSigned, openTLV, strings.Repeat("\x24\x80", 1000)+tlv(4, "x"))
	if all, _, err := readAll(t, P7M, []byte(deep)); err != nil || len(all) != 1 || !errors.Is(all[0].err, ErrMalformed) {
		t.Errorf("deep: %v, %v", all, err)
	}
}

// TestSMIMEJudge opens what OpenSSL writes.
func TestSMIMEJudge(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(tool, args...)
		cmd.Dir = dir
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, msg)
		}
	}
	big := smimeEntity + text(300_000)
	if err := os.WriteFile(filepath.Join(dir, "in"), []byte(big), 0o600); err != nil {
		t.Fatal(err)
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert", "-subj", "/CN=test", "-days", "2")
	sign := []string{"cms", "-sign", "-binary", "-in", "in", "-signer", "cert", "-inkey", "key"}
	run(append(sign, "-nodetach", "-outform", "DER", "-out", "der")...)
	run(append(sign, "-nodetach", "-outform", "PEM", "-out", "pem")...)
	run(append(sign, "-nodetach", "-stream", "-outform", "DER", "-out", "stream")...)
	run(append(sign, "-outform", "DER", "-out", "detached")...)
	run("cms", "-encrypt", "-binary", "-in", "in", "-outform", "DER", "-out", "secret", "-aes256", "cert")
	for _, name := range []string{"der", "pem", "stream", "detached", "secret"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := readAll(t, P7M, data)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case name == "detached":
			if len(all) != 0 {
				t.Errorf("%s: %d members", name, len(all))
			}
		case name == "secret":
			if len(all) != 1 || !errors.Is(all[0].Err, ErrEncrypted) {
				t.Errorf("%s: %v", name, all)
			}
		case len(all) != 1 || all[0].data != big || all[0].err != nil:
			t.Errorf("%s: %d members", name, len(all))
		}
	}
}

func FuzzP7M(f *testing.F) {
	f.Add([]byte(cmsOf(oidSigned, tlv, tlv(4, smimeEntity))))
	f.Add([]byte(cmsOf(oidSigned, openTLV, pieces(openTLV, smimeEntity, 50))))
	f.Add([]byte(cmsOf(oidEnveloped, tlv, tlv(4, "x"))))
	f.Add([]byte(cmsOf(oidCompressed, tlv, tlv(4, "x\x9c\x03\x00\x00\x00\x00\x01"))))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(cmsOf(oidSigned, tlv, tlv(4, smimeEntity))))))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, P7M, data, 1<<20) })
}
