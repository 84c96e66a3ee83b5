package mime

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// utf16le encodes s, byte order little-endian.
func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func utf16be(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u >> 8))
		b.WriteByte(byte(u))
	}
	return b.String()
}

func utf32le(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
		b.WriteString("\x00\x00")
	}
	return b.String()
}

// utf7 encodes all of s in one shift (RFC 2152).
func utf7(s string) string {
	return "+" + strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(utf16be(s))), "=") + "-"
}

// crlf writes the line ends of a text that is encoded before a vector does.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// textVectors hold text and messages in other character sets, and messages of
// kinds that clients put together, fetch or show.
func textVectors() (all []vector) {
	text := func(charset string, encode func(string) string) func(string) string {
		return func(p string) string {
			return mailHead + multiType + "\n" + multi("Content-Type: text/html"+charset+"\nContent-Transfer-Encoding: base64\n\n"+b64(encode("<script>"+p+"</script>")))
		}
	}
	message := func(bom string, encode func(string) string) func(string) string {
		return func(p string) string {
			s := bom + encode(crlf(mailHead+multiType+"\n"+multi(plainPart, attachment(p))))
			return strings.ReplaceAll(s, "\n", "␊") // no line end that is half a character
		}
	}
	nested := func(ct string, fields string) func(string) string {
		return func(p string) string {
			return mailHead + multiType + "\n" + multi(plainPart, "Content-Type: "+ct+"\n"+fields+"\n"+mailHead+attachment(p))
		}
	}
	ebcdic := func(s string) string {
		b, err := charsetByName("ibm037").NewEncoder().String(s)
		if err != nil {
			panic(err)
		}
		return b
	}
	for _, v := range []vector{
		{name: "text-utf16le", reads: "enmime, Python, mailparser, postal-mime", label: "charset=utf-16le", part: true, make: text("; charset=utf-16le", utf16le)},
		{name: "text-utf16be", reads: "enmime, Python, mailparser, postal-mime", label: "charset=utf-16be", part: true, make: text("; charset=utf-16be", utf16be)},
		{name: "text-utf16-bom", reads: "enmime, Python, browsers", label: "charset=utf-16le", part: true, make: text("; charset=utf-16", func(s string) string { return "\xff\xfe" + utf16le(s) })},
		{name: "text-utf16-undeclared", reads: "browsers", label: "charset=utf-16le", anomaly: AnomalyCharset, part: true, make: text("", func(s string) string { return "\xff\xfe" + utf16le(s) })},
		{name: "text-utf16-no-bom", reads: "Notepad", label: "charset=utf-16le", anomaly: AnomalyCharset, part: true, make: text("", utf16le)},
		{name: "text-utf16be-no-bom", reads: "Notepad", label: "charset=utf-16be", anomaly: AnomalyCharset, part: true, make: text("", utf16be)},
		{name: "text-utf16-lies", reads: "browsers: the byte order mark goes first", label: "charset=utf-16be", anomaly: AnomalyCharset, part: true, make: text("; charset=us-ascii", func(s string) string { return "\xfe\xff" + utf16be(s) })},
		{name: "text-utf32", reads: "Python", label: "charset=utf-32le", part: true, make: text("; charset=utf-32", func(s string) string { return "\xff\xfe\x00\x00" + utf32le(s) })},
		{name: "text-utf7", reads: "Python", label: "charset=utf-7", part: true, make: text("; charset=utf-7", utf7)},
		{name: "text-utf7-name", reads: "Python", label: "charset=utf-7", part: true, make: text("; charset=\"unicode-1-1-utf-7\"", utf7)},
		{name: "text-ebcdic", reads: "Python", label: "charset=ibm037", part: true, make: text("; charset=ibm037", ebcdic)},
		{name: "message-utf16le", reads: "editors save such files", label: "charset=utf-16le", anomaly: AnomalyWideMessage, make: message("", utf16le)},
		{name: "message-utf16be", reads: "editors save such files", label: "charset=utf-16be", anomaly: AnomalyWideMessage, make: message("", utf16be)},
		{name: "message-utf16le-bom", reads: "editors save such files", label: "charset=utf-16le", anomaly: AnomalyWideMessage, make: message("\xff\xfe", utf16le)},
		{name: "message-utf16be-bom", reads: "editors save such files", label: "charset=utf-16be", anomaly: AnomalyWideMessage, make: message("\xfe\xff", utf16be)},
		{name: "message-rfc822", reads: "all", make: nested("message/rfc822", "")},
		{name: "message-global", reads: "RFC 6532", make: nested("message/global", "")},
		{name: "message-news", reads: "Thunderbird", make: nested("message/news", "")},
		{name: "message-eml-by-name", reads: "Outlook, Thunderbird: the name decides", make: nested("application/octet-stream; name=x.eml", "")},
		{name: "message-headers", reads: "clients that show it as a message", make: nested("text/rfc822-headers", "")},
		{name: "message-partial-whole", reads: "Outlook Express", make: nested("message/partial; id=x; number=1; total=1", "")},
		{name: "message-partial-first", reads: "Outlook Express", anomaly: AnomalyPartial, fault: ErrUnsupported, make: nested("message/partial; id=x; number=1; total=2", "")},
		{name: "message-partial-second", reads: "Outlook Express", anomaly: AnomalyPartial, fault: ErrUnsupported, part: true, make: func(p string) string {
			return mailHead + "Content-Type: message/partial; id=x; number=2; total=2\n\n" + p + "\n"
		}},
		{name: "message-partial-odd", reads: "Outlook Express", anomaly: AnomalyPartial, fault: ErrUnsupported, make: nested("message/partial; id=x; number=0; total=1", "")},
		{name: "message-partial-total-unknown", reads: "RFC 2046 section 5.2.2: the last one says", anomaly: AnomalyPartial, fault: ErrUnsupported, make: nested("message/partial; id=x; number=1", "")},
		{name: "message-external", reads: "clients that fetch it", anomaly: AnomalyExternal, fault: ErrUnsupported, make: nested("message/external-body; access-type=URL; URL=\"http://example.org/\"", "")},
		{name: "message-report", reads: "all", make: func(p string) string {
			return mailHead + "Content-Type: multipart/report; report-type=delivery-status; boundary=b0\n\n" + multi(plainPart, "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed", "Content-Type: message/rfc822\n\n"+mailHead+attachment(p))
		}},
		{name: "message-report-headers", reads: "clients that show it as a message", make: func(p string) string {
			return mailHead + "Content-Type: multipart/report; report-type=delivery-status; boundary=b0\n\n" + multi(plainPart, "Content-Type: text/rfc822-headers\n\n"+mailHead+attachment(p))
		}},
		{name: "message-digest", reads: "RFC 2046 section 5.1.5", make: func(p string) string {
			return mailHead + "Content-Type: multipart/digest; boundary=b0\n\n" + multi("\n"+mailHead+attachment(p))
		}},
		{name: "message-mbox", reads: "Thunderbird, mutt", anomaly: AnomalyMboxLine, make: func(p string) string {
			return mailHead + multiType + "\n" + multi("Content-Type: message/rfc822\n\nFrom a@b Mon Jan  1\n"+mailHead+attachment(p))
		}},
		{name: "message-deep", reads: "all within their limits", make: func(p string) string {
			s := attachment(p)
			for range 4 {
				s = "Content-Type: message/rfc822\n\n" + mailHead + s
			}
			return mailHead + s
		}},
	} {
		v.rfc = "2046 5.2"
		if strings.HasPrefix(v.name, "text-") || strings.Contains(v.name, "utf16") {
			v.rfc = "2046 4.1.2"
		}
		all = append(all, v)
	}
	return all
}
