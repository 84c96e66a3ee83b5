package main

import (
	"encoding/base64"
	"strings"
)

// message is one mail of the demonstration and what it deserves.
type message struct {
	title   string
	from    string
	subject string
	raw     string // CRLF lines
	clean   bool
	wants   func(reply string) bool
}

const virusReply = "550 5.7.1 E-mail message contained a virus."

func accepted(reply string) bool { return strings.HasPrefix(reply, "250 2.0.0 ") }
func infected(reply string) bool { return reply == virusReply }
func notExamined(reply string) bool {
	return strings.HasPrefix(reply, "550 5.7.1 ") && reply != virusReply
}

// eicar is the standard test file, which every scanner finds and which does
// nothing. It is put together here so that no scanner finds this source.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)
}

func allMessages() ([]message, error) {
	report, err := docx("Quarterly report: all is well.")
	if err != nil {
		return nil, err
	}
	nested, err := zipIn("run.com", eicar())
	if err == nil {
		nested, err = zipIn("documents.zip", nested)
	}
	if err != nil {
		return nil, err
	}
	locked := encryptedZip("offer.txt", []byte("Nobody can say what this is.\r\n"), "told over the telephone")
	infectedZip := encryptedZip("offer.com", eicar(), "tr0ub4dor")
	forwarded := mixed("An old friend", "see attached", attachment("photos.zip", "application/zip", nested))

	const me, daemon = "me@example.com", "" // a bounce has no sender
	return []message{
		{"A text", me, "Hello", plain("Hello", "Nothing but words."), true, accepted},
		{"A Word document", me, "The report", mixed("The report", "as promised", attachment("report.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", report)), true, accepted},
		{"The EICAR test file, attached", me, "Run this", mixed("Run this", "quick", attachment("eicar.com", "application/octet-stream", eicar())), false, infected},
		{"EICAR in a zip in a zip in a forwarded message", me, "Fwd: An old friend", mixed("Fwd: An old friend", "look", rfc822(forwarded)), false, infected},
		{"An encrypted zip", me, "Our offer", mixed("Our offer", "we will call you", attachment("offer.zip", "application/zip", locked)), false, notExamined},
		{"EICAR in an encrypted zip, with the password in the text", me, "Our other offer", mixed("Our other offer", "the password is: tr0ub4dor", attachment("offer.zip", "application/zip", infectedZip)), false, infected},
		{"A bounce that carries the virus back to a forged sender, pasted into its text", daemon, "Mail delivery failed", bounce(), false, infected},
	}, nil
}

func header(subject, contentType string) string {
	return "From: Demo <me@example.com>\r\nTo: you@example.org\r\nSubject: " + subject +
		"\r\nDate: Mon, 26 Jan 2004 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: " + contentType + "\r\n\r\n"
}

func plain(subject, text string) string {
	return header(subject, "text/plain") + text + "\r\n"
}

func mixed(subject, text string, part string) string {
	return multipart(subject, "multipart/mixed", "Content-Type: text/plain\r\n\r\n"+text+"\r\n", part)
}

// multipart puts parts together under a boundary that no message inside it
// shares, since each has a subject of its own.
func multipart(subject, mediaType string, parts ...string) string {
	boundary := "=_" + strings.Map(func(r rune) rune {
		if r < 'A' || r > 'z' {
			return '_'
		}
		return r
	}, subject)
	var b strings.Builder
	b.WriteString(header(subject, mediaType+`; boundary="`+boundary+`"`))
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n" + p)
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.String()
}

func attachment(name, mediaType string, content []byte) string {
	return "Content-Type: " + mediaType + "\r\nContent-Transfer-Encoding: base64\r\n" +
		`Content-Disposition: attachment; filename="` + name + "\"\r\n\r\n" + base64Lines(content)
}

func rfc822(raw string) string {
	return "Content-Type: message/rfc822\r\n\r\n" + raw + "\r\n"
}

// bounce is a non-delivery report as many servers wrote them in 2004: the
// original stands in a plain text, where the part's type says nothing of it.
func bounce() string {
	original := mixed("Test", "The message contains Unicode characters.", attachment("document.pif", "application/octet-stream", eicar()))
	return multipart("Mail delivery failed", `multipart/report; report-type=delivery-status`,
		"Content-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n\r\n"+
			"------ This is a copy of the message, including all the headers. ------\r\n\r\n"+original+"\r\n",
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"+
			"Final-Recipient: rfc822; nobody@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n")
}

func base64Lines(content []byte) string {
	text := base64.StdEncoding.EncodeToString(content)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.String()
}
