package mime

import "strings"

// hiddenVectors hold entities where the structure has none: around the parts of
// a multipart, within plain text, behind the message's end.
func hiddenVectors() []vector {
	indent := func(prefix, s string) string {
		return prefix + strings.ReplaceAll(s, "\n", "\n"+prefix)
	}
	const open = mailHead + multiType + "\n"
	const other = "Content-Type: multipart/mixed; boundary=b1\n"
	// A bounce's original, with the header that its first transport wrote.
	original := func(p string) string {
		return "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\n" + mailHead + multiType + "\n" + multi(plainPart, attachment(p))
	}
	smuggled := func(dot, eol string) func(string) string {
		return func(p string) string {
			s := "Subject: y\nMIME-Version: 1.0\n" + attachment(p) + "\n"
			return mailHead + "\nhello" + dot + strings.ReplaceAll("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"+s, "\n", eol)
		}
	}
	return []vector{
		{name: "preamble-entity", reads: "mailparser, emailjs", rfc: "2046 5.1.1", make: func(p string) string {
			return open + attachment(p) + "\n" + multi(plainPart)
		}},
		{name: "preamble-entity-one-field", reads: "mailparser, emailjs", rfc: "2046 5.1.1", anomaly: AnomalyHiddenEntity, make: func(p string) string {
			return open + "Content-Transfer-Encoding: base64\n\n" + b64(p) + "\n" + multi(plainPart)
		}},
		{name: "preamble-raw", reads: "mailparser, emailjs", rfc: "2046 5.1.1", part: true, make: func(p string) string {
			return open + "<script>" + p + "</script>\n" + multi(plainPart)
		}},
		{name: "preamble-uuencode", reads: "ripMIME", rfc: "2046 5.1.1", make: func(p string) string {
			return open + uu(p) + "\n" + multi(plainPart)
		}},
		{name: "preamble-multipart", reads: "ruby-mail", rfc: "2046 5.1.1", anomaly: AnomalyHiddenMultipart, make: func(p string) string {
			return open + "--b1\n" + plainPart + "\n--b1\n" + attachment(p) + "\n--b1--\n" + multi(plainPart)
		}},
		{name: "preamble-message", reads: "mailparser", rfc: "2046 5.1.1", make: func(p string) string {
			return open + original(p) + "\n" + multi(plainPart)
		}},
		{name: "epilogue-entity", reads: "mailparser, emailjs", rfc: "2046 5.1.1", make: func(p string) string {
			return open + multi(plainPart) + attachment(p) + "\n"
		}},
		{name: "epilogue-entity-one-field", reads: "mailparser, emailjs", rfc: "2046 5.1.1", anomaly: AnomalyHiddenEntity, make: func(p string) string {
			return open + multi(plainPart) + "Content-Transfer-Encoding: base64\n\n" + b64(p) + "\n"
		}},
		{name: "epilogue-entity-behind-text", reads: "mailparser, emailjs", rfc: "2046 5.1.1", anomaly: AnomalyHiddenEntity, make: func(p string) string {
			return open + multi(plainPart) + "bye\n\nContent-Transfer-Encoding: base64\n\n" + b64(p) + "\n"
		}},
		{name: "epilogue-raw", reads: "mailparser, emailjs", rfc: "2046 5.1.1", part: true, make: func(p string) string {
			return open + multi(plainPart) + "<script>" + p + "</script>\n"
		}},
		{name: "epilogue-uuencode", reads: "ripMIME", rfc: "2046 5.1.1", make: func(p string) string {
			return open + multi(plainPart) + uu(p) + "\n"
		}},
		{name: "epilogue-multipart", reads: "ruby-mail", rfc: "2046 5.1.1", anomaly: AnomalyHiddenMultipart, make: func(p string) string {
			return open + multi(plainPart) + "--b1\n" + plainPart + "\n--b1\n" + attachment(p) + "\n--b1--\n"
		}},
		{name: "epilogue-message", reads: "mailparser", rfc: "2046 5.1.1", make: func(p string) string {
			return open + multi(plainPart) + original(p)
		}},
		{name: "epilogue-message-boundary", reads: "Thunderbird", rfc: "2046 5.1.1", make: func(p string) string {
			return open + multi(plainPart) + "\n" + other + "\n--b1\n" + attachment(p) + "\n--b1--\n"
		}},
		{name: "text-multipart", reads: "parsers that look at the body", rfc: "2046 5.1", anomaly: AnomalyHiddenMultipart, make: func(p string) string {
			return open + multi(plainPart, "Content-Type: text/plain\n\n--b1\n"+plainPart+"\n--b1\n"+attachment(p)+"\n--b1--")
		}},
		{name: "bounce-separated", reads: "people who open the bounce", rfc: "3464", make: func(p string) string {
			return mailHead + "\nYour mail failed.\n\n--- Below this line is a copy of the message.\n\n" + original(p)
		}},
		{name: "bounce-rule", reads: "people who open the bounce", rfc: "3464", make: func(p string) string {
			return mailHead + "\nYour mail failed.\n------ Original message ------\n" + original(p)
		}},
		{name: "bounce-no-separator", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyHiddenMultipart, make: func(p string) string {
			return mailHead + "\nYour mail failed.\n" + original(p)
		}},
		{name: "bounce-indented", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyQuotedMessage, make: func(p string) string {
			return mailHead + "\nYour mail failed.\n\n" + indent("    ", original(p))
		}},
		{name: "bounce-quoted", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyQuotedMessage, make: func(p string) string {
			return mailHead + "\nYour mail failed.\n\n" + indent("> ", original(p))
		}},
		{name: "bounce-quoted-close", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyQuotedMessage, make: func(p string) string {
			return mailHead + "\nYour mail failed.\n" + indent(">", original(p))
		}},
		{name: "bounce-quoted-bar", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyQuotedMessage, make: func(p string) string {
			return mailHead + "\nYour mail failed.\n" + indent("| ", original(p)) + "\nRegards\n"
		}},
		{name: "bounce-quoted-trimmed", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyQuotedMessage, make: func(p string) string {
			return mailHead + "\nYour mail failed.\n" + strings.ReplaceAll(indent("> ", original(p)), "> \n", ">\n")
		}},
		{name: "bounce-cut-header", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyHiddenMultipart, make: func(p string) string {
			return mailHead + "\nYour mail failed:\n\n[...]\n" + multi(plainPart, attachment(p))
		}},
		{name: "bounce-cut-quoted", reads: "people who open the bounce", rfc: "3464", anomaly: AnomalyQuotedMessage, make: func(p string) string {
			return mailHead + "\nYour mail failed:\n" + indent("> ", multi(plainPart, attachment(p)))
		}},
		{name: "bounce-html", reads: "people who open the bounce", rfc: "3464", make: func(p string) string {
			return mailHead + "Content-Type: text/html\n\n<pre>\n\n" + original(p) + "</pre>\n"
		}},
		{name: "bounce-attachment-pasted", reads: "people who open the bounce", rfc: "3464", make: func(p string) string {
			return mailHead + "\nYour attachment was:\n\nContent-Type: application/octet-stream; name=a.bin\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" + b64(p) + "\n"
		}},
		{name: "smuggle-lf-lf", reads: "Postfix and Sendmail of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("␊.␊", "\n")},
		{name: "smuggle-lf-crlf", reads: "Postfix and Sendmail of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("␊.\n", "\n")},
		{name: "smuggle-crlf-lf", reads: "Exim of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("\n.␊", "\n")},
		{name: "smuggle-cr-cr", reads: "Cisco Secure Email of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("\r.\r", "\n")},
		{name: "smuggle-crlf-cr", reads: "Cisco Secure Email of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("\n.\r", "\n")},
		{name: "smuggle-nul", reads: "servers that drop NUL", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("\n\x00.\n", "\n")},
		{name: "smuggle-all-lf", reads: "Sendmail of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: smuggled("␊.␊", "␊")},
		{name: "smuggle-helo", reads: "Postfix of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: func(p string) string {
			return mailHead + "\nhello␊.␊EHLO x\nmail from: <a@b> SIZE=10\nRCPT TO:<c@d>\nRCPT TO:<e@d>\nDATA\n" + mailHead + attachment(p) + "\n"
		}},
		{name: "smuggle-second", reads: "Postfix of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: func(p string) string {
			one := "␊.␊MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"
			return mailHead + "\nhello" + one + mailHead + "\nhello" + one + mailHead + attachment(p) + "␊.␊QUIT\n"
		}},
		{name: "smuggle-in-attachment", reads: "Postfix of 2023", rfc: "5321 4.1.1.4", anomaly: AnomalySmuggled, make: func(p string) string {
			return open + "--b0\n" + attachment(harmless) + "␊.␊MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nSubject: y\nContent-Transfer-Encoding: base64\n\n" + b64(p) + "\n"
		}},
	}
}

// combinedVectors break several rules at once.
func combinedVectors() []vector {
	chunks := func(p string) string { // base64 in chunks of two octets, each padded
		var out []string
		for len(p) > 0 {
			n := min(2, len(p))
			out = append(out, b64(p[:n]))
			p = p[n:]
		}
		return strings.Join(out, "\n")
	}
	junk := func(p string) string {
		return strings.Join(strings.Split(b64(p), ""), "!\n")
	}
	return []vector{
		{name: "combined-cte-chunks", reads: "Thunderbird", rfc: "2045 6.8", label: "cte=base64", anomaly: AnomalyDuplicateEncoding, make: func(p string) string {
			return mailHead + "Content-Type: a/b\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\n\n" + chunks(p) + "\n"
		}},
		{name: "combined-cte-boundary-chunks", reads: "Thunderbird", rfc: "2045 6.8", label: "cte=base64", make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed; boundary=b1\nContent-Type: multipart/mixed; boundary=b2\n\n--b1\nContent-Type: a/b\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\n\n" + chunks(p) + "\n--b1--\n--b2\n" + plainPart + "\n--b2--\n"
		}},
		{name: "combined-cte-boundary-junk-last", reads: "mutt", rfc: "2045 6.8", label: "cte=base64", make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed; boundary=b1\nContent-Type: multipart/mixed; boundary=b2\n\n--b1\n" + plainPart + "\n--b1--\n--b2\nContent-Type: a/b\nContent-Transfer-Encoding: quoted-printable\nContent-Transfer-Encoding: base64\n\n" + junk(p) + "\n--b2--\n"
		}},
		{name: "combined-boundary-in-field", reads: "Apple Mail", rfc: "2045 6.8", make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed; boundary=b1; boundary=b2\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\n--b1\n" + plainPart + "\n--b1--\n--b2\nContent-Type: a/b\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n" + chunks(p) + "\n--b2--\n"
		}},
		{name: "combined-junk-type-cte", reads: "Thunderbird", rfc: "5322 2.2", label: "cte=base64", make: func(p string) string {
			return "Subject: x\njunk\n" + multiType + "Content-Type: text/plain\n\n" + multi(plainPart, "junk\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n"+chunks(p))
		}},
		{name: "combined-nested", reads: "Thunderbird", rfc: "2045 6", make: func(p string) string {
			return mailHead + multiType + "Content-Type: multipart/mixed; boundary=b1\n\n--b0\nContent-Type: multipart/mixed; boundary=b2; boundary=b3\n\n--b3\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n" + chunks(p) + "\n--b3--\n--b0--\n"
		}},
	}
}
