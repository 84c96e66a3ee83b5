package cms

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

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
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

var smimeEntity = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + archivetest.Payload + "\r\n--b--\r\n"

// message is a ContentInfo. make joins a tag and its parts, content is the
// encapsulated content with its tag.
func message(kind string, make func(byte, ...string) string, content string) string {
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
	der := message(oidSigned, tlv, tlv(4, smimeEntity))
	b64 := base64.StdEncoding.EncodeToString([]byte(der))
	for name, data := range map[string]string{
		"der":              der,
		"ber":              message(oidSigned, openTLV, pieces(openTLV, smimeEntity, 100)),
		"ber in ber":       message(oidSigned, openTLV, openTLV(0x24, pieces(openTLV, smimeEntity[:200], 7), tlv(0x24, pieces(tlv, smimeEntity[200:], 50)))),
		"empty pieces":     message(oidSigned, openTLV, openTLV(0x24, tlv(4, ""), tlv(4, smimeEntity), tlv(4, ""))),
		"digested":         message(oidDigested, tlv, tlv(4, smimeEntity)),
		"compressed":       message(oidCompressed, tlv, tlv(4, packed.String())),
		"data":             tlv(0x30, tlv(6, oidData), tlv(0xA0, tlv(4, smimeEntity))),
		"base64":           archivetest.RTFLines(b64),
		"pem":              "-----BEGIN PKCS7-----\n" + archivetest.RTFLines(b64) + "\n-----END PKCS7-----\n",
		"cut signature":    der[:len(der)-2],
		"lengths too long": "\x30\x84\x7F\xFF\xFF\xFF" + der[4:],
		"any value":        message(oidSigned, tlv, tlv(0x30, tlv(4, smimeEntity))),
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, []byte(data))
			if err != nil || len(all) != 1 {
				t.Fatalf("%d members, %v", len(all), err)
			}
			g := all[0]
			if g.Data != smimeEntity || g.Fault != nil || g.MediaType != "message/rfc822" || len(archivetest.NoteNames(all, r)) > 0 {
				t.Errorf("%d bytes of %d, %v, %q, %v", len(g.Data), len(smimeEntity), g.Fault, g.MediaType, archivetest.NoteNames(all, r))
			}
			if !archivetest.Detects([]byte(data), Format) {
				t.Error("not detected")
			}
		})
	}
}

func TestSMIMEWithoutContent(t *testing.T) {
	for name, data := range map[string]string{
		"detached":     message(oidSigned, tlv, ""),
		"detached ber": message(oidSigned, openTLV, ""),
	} {
		all, _, err := archivetest.ReadAll(t, Format, []byte(data))
		if err != nil || len(all) != 0 {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
	for _, kind := range []string{oidEnveloped, oidSignedEnveloped, oidEncrypted, oidAuthEnveloped} {
		all, _, err := archivetest.ReadAll(t, Format, []byte(message(kind, tlv, tlv(4, "x"))))
		if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrEncrypted) {
			t.Errorf("%x: %d members, %v", kind, len(all), err)
		}
	}
	signedFile := message(oidSigned, tlv, tlv(4, "%PDF-1.7 a signed file: with a colon"))
	all, _, err := archivetest.ReadAll(t, Format, []byte(signedFile))
	if err != nil || len(all) != 1 || len(all[0].Names) != 0 || all[0].MediaType != "" {
		t.Errorf("signed file: %+v, %v", all, err)
	}
}

func TestSMIMECut(t *testing.T) {
	whole := message(oidSigned, openTLV, pieces(openTLV, smimeEntity, 100))
	all, _, err := archivetest.ReadAll(t, Format, []byte(whole[:len(whole)/2]))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrMalformed) || !strings.HasPrefix(smimeEntity, all[0].Data) || len(all[0].Data) < 200 {
		t.Errorf("%v, %v", all, err)
	}
	deep := message(oidSigned, openTLV, strings.Repeat("\x24\x80", 1000)+tlv(4, "x"))
	if all, _, err := archivetest.ReadAll(t, Format, []byte(deep)); err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrMalformed) {
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
	big := smimeEntity + archivetest.Text(300_000)
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
		all, _, err := archivetest.ReadAll(t, Format, data)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case name == "detached":
			if len(all) != 0 {
				t.Errorf("%s: %d members", name, len(all))
			}
		case name == "secret":
			if len(all) != 1 || !errors.Is(all[0].Err, level.ErrEncrypted) {
				t.Errorf("%s: %v", name, all)
			}
		case len(all) != 1 || all[0].Data != big || all[0].Fault != nil:
			t.Errorf("%s: %d members", name, len(all))
		}
	}
}

func FuzzP7M(f *testing.F) {
	f.Add([]byte(message(oidSigned, tlv, tlv(4, smimeEntity))))
	f.Add([]byte(message(oidSigned, openTLV, pieces(openTLV, smimeEntity, 50))))
	f.Add([]byte(message(oidEnveloped, tlv, tlv(4, "x"))))
	f.Add([]byte(message(oidCompressed, tlv, tlv(4, "x\x9c\x03\x00\x00\x00\x00\x01"))))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(message(oidSigned, tlv, tlv(4, smimeEntity))))))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 1<<20) })
}

func samples() map[string]archivetest.Sample {
	return map[string]archivetest.Sample{"p7m": {Format: Format, Data: []byte(message(oidSigned, openTLV, pieces(openTLV, smimeEntity, 50)))}}
}

func TestCMSSourceFails(t *testing.T) { archivetest.SourceFails(t, samples()) }

func TestCMSByByte(t *testing.T) { archivetest.ByByte(t, samples()) }

func BenchmarkCMS(b *testing.B) {
	body := archivetest.Text(4 << 20)
	archivetest.BenchFormat(b, Format, []byte(message(oidSigned, openTLV, pieces(openTLV, body, 4096))), len(body))
}
