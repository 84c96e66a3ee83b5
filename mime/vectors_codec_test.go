package mime

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// codecVectors break the rules of the transfer encodings, or use encodings that are
// no MIME.
func codecVectors() (all []vector) {
	all = append(all, base64Vectors()...)
	all = append(all, qpVectors()...)
	return append(all, fileVectors()...)
}

// base64Vectors hold the payload for the client that reads the body in one way.
func base64Vectors() (all []vector) {
	const rfc = "2045 6.8"
	for _, v := range []struct {
		name, reads, label, anomaly string
		encode                      func(string) string
	}{
		{"base64-two-octets", "Thunderbird, Apple Mail", "", AnomalyBase64Resumed, func(p string) string { return chunked(p, 2) }},
		{"base64-one-octet", "Thunderbird, Apple Mail", "", AnomalyBase64Resumed, func(p string) string { return chunked(p, 1) }},
		{"base64-joined", "Thunderbird, Apple Mail", "", AnomalyBase64Resumed, func(p string) string { return b64(p[:10]) + "\n" + b64(p[10:]) }},
		{"base64-stop", "mutt", "base64=stop", AnomalyBase64Resumed, func(p string) string { return b64(p) + "\nQUJDREVG" }},
		{"base64-pad-is-zero", "Thunderbird, GMime", "base64=pad-is-zero", AnomalyBase64Resumed, func(p string) string { return padWithin(p) }},
		{"base64-pad-skipped", "Python", "base64=pad-skipped", AnomalyBase64Resumed, func(p string) string { return b64(p)[:2] + "=" + b64(p)[2:] }},
		{"base64-unpadded", "Perl, Python", "", AnomalyBase64Truncated, func(p string) string { return strings.TrimRight(b64(p), "=") }},
		{"base64-whole-quanta", "mutt", "base64=whole-quanta", AnomalyBase64Truncated, func(p string) string { return b64(p + "..")[:36] + "Lg" }},
		{"base64-junk", "Thunderbird, Apple Mail, mutt", "", AnomalyBase64Junk, func(p string) string { return strings.ReplaceAll(b64(p), "I", "!I\x80.") }},
		{"base64-strict", "Dovecot", "base64=strict", AnomalyBase64Junk, func(p string) string { return b64(p+"..") + "!QUJD" }},
		{"base64-url", "Node.js", "base64=url", AnomalyBase64URL, func(p string) string { return base64.URLEncoding.EncodeToString([]byte("?>~\xff" + p)) }},
		{"base64-footer", "UUDeview", "base64=lines", AnomalyBase64Text, func(p string) string { return b64(p+"..") + "\nThe list of lists, list@lists.example.org" }},
		{"base64-first-line", "UUDeview", "base64=lines", AnomalyBase64Text, func(p string) string { return "Dear friends,\n" + b64(p) }},
		{"base64-odd-lines", "all", "", "", func(p string) string { return strings.ReplaceAll(b64(p), "R", "\nR\n ") }},
		{"base64-nul", "Thunderbird", "", AnomalyBase64Junk, func(p string) string { return strings.ReplaceAll(b64(p), "R", "\x00R") }},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: rfc, label: v.label, anomaly: v.anomaly, part: true,
			make: func(p string) string { return encodedBody("base64", v.encode(p)) }})
	}
	return all
}

func encodedBody(enc, body string) string {
	return mailHead + "Content-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: " + enc + "\n\n" + body + "\n"
}

// chunked encodes n octets at a time.
func chunked(p string, n int) string {
	var b strings.Builder
	for ; len(p) > n; p = p[n:] {
		b.WriteString(b64(p[:n]))
	}
	return b.String() + b64(p)
}

// padWithin encodes p so that it comes out where "=" has a place in the quantum: the
// first gives one byte less.
func padWithin(p string) string { return "QQ=A" + b64(p) }

func qpVectors() (all []vector) {
	const rfc = "2045 6.7"
	for _, v := range []struct {
		name, reads, label, anomaly string
		encode                      func(string) string
	}{
		{"qp-lower-case", "all", "", "", func(p string) string { return strings.ToLower(qpAll(p)) }},
		{"qp-illegal-escape", "mutt", "", AnomalyBadQP, func(p string) string { return "=zz=4=" + qpAll(p) }},
		{"qp-tokens", "Thunderbird, GMime", "qp=tokens", AnomalyBadQP, func(p string) string { return "x==3D" + qpAll(p) }},
		{"qp-tokens-not", "mutt", "", AnomalyBadQP, func(p string) string { return "x==3D" + p[:9] + "= \n" + p[9:] }},
		{"qp-doubled", "Python", "qp=doubled", AnomalyBadQP, func(p string) string { return "x==\n" + qpAll(p) }},
		{"qp-soft-break-blanks", "mutt", "", "", func(p string) string { return p[:9] + "= \t\n" + p[9:] }},
		{"qp-soft-break-cr", "Thunderbird", "", "", func(p string) string { return "a\n" + p[:9] + "=\r" + p[9:] }},
		{"qp-soft-breaks", "all", "", "", func(p string) string { return strings.Join(strings.Split(p, ""), "=\n") }},
		{"qp-trailing-blanks", "mutt", "qp=lines", AnomalyQPLine, func(p string) string { return "x\n" + p + " \t\n" }},
		{"qp-nul", "Thunderbird", "", AnomalyQPLine, func(p string) string { return "x\x00" + qpAll(p) }},
		{"qp-end", "Thunderbird", "qp=end-kept", "", func(p string) string { return p + "=" }},
		{"qp-end-cut", "Thunderbird", "qp=end-dropped", AnomalyBadQP, func(p string) string { return p + "=4" }},
		{"qp-one-line", "all", "", "", func(p string) string { return strings.Repeat("=78", 2000) + qpAll(p) }},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: rfc, label: v.label, anomaly: v.anomaly, part: true,
			make: func(p string) string {
				return mailHead + multiType + "\n" + multi("Content-Type: application/octet-stream\nContent-Transfer-Encoding: quoted-printable\n\n"+v.encode(p))
			}})
	}
	return all
}

// fileVectors hold the payload in encodings of other times, as transfer encoding
// and in texts.
func fileVectors() (all []vector) {
	add := func(name, reads, rfc, label, anomaly string, make func(string) string) {
		all = append(all, vector{name: name, reads: reads, rfc: rfc, label: label, anomaly: anomaly, part: true, make: make})
	}
	xx := func(p string) string { return "begin 644 a.bin\n" + uuLines([]byte(p), xxChars) }
	yenc := func(p string) string { return yFileOf("a.bin", []byte(p)) }
	hqx := func(p string) string { return binHexOf("a.bin", []byte(p), nil) }
	resource := func(p string) string { return binHexOf("a.bin", []byte("data"), []byte(p)) }
	parts := func(p string) string {
		data := []byte(p + p)
		return yPartOf("a.bin", data, 1, 0, 20) + "and\n" + yPartOf("a.bin", data, 2, 20, len(data))
	}
	uum := func(p string) string { return "begin-base64 644 a.bin\n" + b64(p) + "\n====\n" }
	pem := func(p string) string { return "-----BEGIN PKCS7-----\n" + b64(p) + "\n-----END PKCS7-----\n" }
	pgp := func(p string) string {
		return "-----BEGIN PGP MESSAGE-----\nComment: x\n\n" + b64("\xcb\x20b\x00\x00\x00\x00\x00"+p) + "\n=abcd\n-----END PGP MESSAGE-----\n"
	}
	for _, f := range []struct {
		name, reads, rfc string
		encode           func(string) string
	}{
		{"uuencode", "Thunderbird, Outlook", "none", func(p string) string { return uu(p) + "\n" }},
		{"xxencode", "UUDeview", "none", xx},
		{"yenc", "Thunderbird", "none", yenc},
		{"yenc-parts", "news readers", "none", parts},
		{"binhex", "Apple Mail", "1741 A", hqx},
		{"binhex-resource", "Apple Mail", "1741 A", resource},
		{"uuencode-m", "uudecode", "none", uum},
		{"pem", "openssl", "7468", pem},
		{"pgp-literal", "GnuPG", "9580 6", pgp},
	} {
		add("text-"+f.name, f.reads, f.rfc, "", "", func(p string) string {
			return mailHead + "\nHello,\nhere it is.\n\n" + f.encode(p) + "\nbye\n"
		})
		add("text-"+f.name+"-quoted", "UUDeview, an editor", f.rfc, "", "", func(p string) string {
			return mailHead + "\nThey wrote:\n" + quoteLines(f.encode(p), "> ") + "\nbye\n"
		})
	}
	for _, c := range []struct {
		enc    string
		encode func(string) string
	}{{"xxencode", xx}, {"x-yencode", yenc}, {"yenc", yenc}, {"binhex", hqx}, {"mac-binhex40", resource}} {
		add("cte-"+c.enc, "Thunderbird, Apple Mail, UUDeview", "none", "", "", func(p string) string { return encodedBody(c.enc, c.encode(p)) })
		add("cte-"+c.enc+"-ignored", "all others", "none", "cte=7bit", "", func(p string) string { return encodedBody(c.enc, p) })
	}
	add("type-mac-binhex40", "Apple Mail", "1741 4", "", "", func(p string) string {
		return mailHead + "Content-Type: application/mac-binhex40\n\n" + hqx(p)
	})
	add("uu-every-line", "Thunderbird", "none", "uu=every-line", AnomalyBadUU, func(p string) string {
		return encodedBody("x-uuencode", "begin 644 a.bin\n"+maskedUU(p)+"`\nend")
	})
	add("uu-second-file", "Outlook", "none", "uu=next", "", func(p string) string {
		return encodedBody("x-uuencode", uu("first")+"\n"+uu(p))
	})
	add("uu-text-first", "Thunderbird, mutt", "none", "uu=next", AnomalyBadUU, func(p string) string {
		return encodedBody("x-uuencode", "HELLO THERE\n"+uu(p))
	})
	add("uu-zero-ends", "uudecode", "none", "uu=zero-ends", AnomalyBadUU, func(p string) string {
		return encodedBody("x-uuencode", strings.Replace(uu(p), "\n`\n", "\n`\n#86)C\n", 1))
	})
	return all
}

// maskedUU uuencodes p with characters of which only the lower six bits fit.
func maskedUU(p string) string {
	line := []byte(strings.Split(uu(p), "\n")[1])
	for i, c := range line {
		if c < ' '+32 && c != '`' {
			line[i] = c + 64
		}
	}
	return fmt.Sprintf("%s\n", line)
}
