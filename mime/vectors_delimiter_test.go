package mime

// delimiterVectors break the rules of delimiter lines (RFC 2046 section 5.1.1).
func delimiterVectors() (all []vector) {
	const open = mailHead + "Content-Type: multipart/mixed; boundary=b1\n\n"
	att := attachment
	for _, v := range []struct {
		name, reads, label, anomaly string
		make                        func(p string) string
	}{
		{"delimiter-blanks-behind", "RFC 2046 section 5.1.1, Thunderbird", "", "",
			func(p string) string { return open + "--b1 \t\n" + plainPart + "\n--b1  \n" + att(p) + "\n--b1--  \n" }},
		{"delimiter-junk-behind", "mutt", "delimiter=prefix", AnomalyOddDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "\n--b1 junk\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-junk-ignored", "Thunderbird, Python", "", AnomalyOddDelimiter,
			func(p string) string {
				e := b64(p)
				return mailHead + "Content-Type: multipart/mixed; boundary=__\n\n--__\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + e[:8] + "\n--__.\n" + e[8:] + "\n--__--\n"
			}},
		{"delimiter-blanks-before", "rspamd 3611", "delimiter=indented", AnomalyIndentedDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "\n --b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-blanks-before-all", "rspamd 3611", "delimiter=indented", AnomalyIndentedDelimiter,
			func(p string) string { return open + " --b1\n" + plainPart + "\n --b1\n" + att(p) + "\n --b1--\n" }},
		{"delimiter-lone-cr", "Thunderbird, Python", "line-end=cr", AnomalyCRDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "\r--b1\r" + att(p) + "\n--b1--\n" }},
		{"delimiter-lone-cr-ignored", "parsers for which CR ends no line", "", AnomalyCRDelimiter,
			func(p string) string {
				e := b64(p)
				return mailHead + "Content-Type: multipart/mixed; boundary=__\n\n--__\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + e[:8] + "\r--__\r" + e[8:] + "\n--__--\n"
			}},
		{"delimiter-lone-lf", "most", "line-end=any", AnomalyLFDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "␊--b1␊" + att(p) + "\n--b1--\n" }},
		{"delimiter-lone-lf-ignored", "parsers that want CRLF", "", AnomalyLFDelimiter,
			func(p string) string {
				e := b64(p)
				return mailHead + "Content-Type: multipart/mixed; boundary=__\n\n--__\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + e[:8] + "␊--__␊" + e[8:] + "\n--__--\n"
			}},
		{"delimiter-double-cr", "most", "", "",
			func(p string) string {
				return open + "--b1\r\n" + plainPart + "\r\n--b1\r\n" + att(p) + "\r\n--b1--\r\n"
			}},
		{"delimiter-glued-before", "mikel/mail before its issue 379", "delimiter=anywhere", AnomalyGluedDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "--b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-glued-end", "mikel/mail before its issue 379", "delimiter=anywhere", AnomalyGluedDelimiter,
			func(p string) string {
				return open + "--b1\n" + plainPart + "\n--b1\nContent-Type: a/b\n\n" + p + "--b1--\n"
			}},
		{"delimiter-glued-dashes", "mikel/mail before its issue 379", "delimiter=anywhere", AnomalyGluedDelimiter,
			func(p string) string { return open + "--b1\nContent-Type: a/b\n\nx----b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-not-closed", "all: worms never closed", "", AnomalyUnclosed,
			func(p string) string { return open + "--b1\n" + plainPart + "\n--b1\n" + att(p) + "\n" }},
		{"delimiter-not-closed-inner", "all", "", AnomalyUnclosed,
			func(p string) string {
				return open + "--b1\n" + multiType + "\n--b0\n" + att(p) + "\n--b1\n" + plainPart + "\n--b1--\n"
			}},
		{"delimiter-close-one-dash", "mutt compares the beginning", "delimiter=prefix", AnomalyOddDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "\n--b1-\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-close-junk", "mutt compares the beginning", "", AnomalyOddDelimiter,
			func(p string) string { return open + "--b1\n" + att(p) + "\n--b1--junk\nepilogue\n" }},
		{"delimiter-after-close", "mailparser, emailjs, ruby-mail", "", AnomalyAfterClose,
			func(p string) string { return open + "--b1\n" + plainPart + "\n--b1--\n--b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-close-first", "mailparser", "", AnomalyAfterClose,
			func(p string) string { return open + "--b1--\n--b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-inner-longer", "all that compare the line", "", "",
			func(p string) string {
				return open + "--b1\nContent-Type: multipart/mixed; boundary=b11\n\n--b11\n" + att(p) + "\n--b11--\n--b1--\n"
			}},
		{"delimiter-inner-longer-outer", "parsers that compare the beginning, from outside", "delimiter=outer", AnomalyPrefixBoundary,
			func(p string) string {
				return open + "--b1\nContent-Type: multipart/mixed; boundary=b11\n\n--b11\n" + att(p) + "\n--b11--\n--b1--\n"
			}},
		{"delimiter-outer-longer", "all that compare the line", "", "",
			func(p string) string {
				return mailHead + "Content-Type: multipart/mixed; boundary=b11\n\n--b11\nContent-Type: multipart/mixed; boundary=b1\n\n--b1\n" + plainPart + "\n--b1--\n--b11\n" + att(p) + "\n--b11--\n"
			}},
		{"delimiter-outer-longer-inner", "Thunderbird asks the innermost first", "delimiter=innermost", AnomalyPrefixBoundary,
			func(p string) string {
				e := b64(p)
				return mailHead + "Content-Type: multipart/mixed; boundary=__.\n\n--__.\nContent-Type: multipart/mixed; boundary=__\n\n--__\n" + plainPart + "\n--__.\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + e + "\n--__--\n--__.--\n"
			}},
		{"delimiter-same-inner", "Thunderbird", "", "",
			func(p string) string {
				return open + "--b1\nContent-Type: multipart/mixed; boundary=b1\n\n--b1\n" + plainPart + "\n--b1--\n--b1\n" + att(p) + "\n--b1--\n"
			}},
		{"delimiter-two-inners-same", "all", "", "",
			func(p string) string {
				return open + "--b1\n" + multiType + "\n" + multi(plainPart) + "--b1\n" + multiType + "\n" + multi(att(p)) + "--b1--\n"
			}},
		{"delimiter-in-header", "Thunderbird", "", "",
			func(p string) string { return open + "--b1\nContent-Type: text/plain\n--b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-directly-two", "all", "", "",
			func(p string) string { return open + "--b1\n--b1\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-nul-behind", "parsers in C", "delimiter=prefix", AnomalyOddDelimiter,
			func(p string) string { return open + "--b1\n" + plainPart + "\n--b1\x00\n" + att(p) + "\n--b1--\n" }},
		{"delimiter-truncated-end", "all: EOF closes", "", "",
			func(p string) string { return open + "--b1\n" + plainPart + "\n--b1\n" + att(p) + "\n--b1-" }},
		{"delimiter-line-ends-lf", "all", "", "",
			func(p string) string {
				return "Subject: x␊Content-Type: multipart/mixed; boundary=b1␊␊--b1␊Content-Transfer-Encoding: base64␊␊" + b64(p) + "␊--b1--␊"
			}},
		{"delimiter-line-ends-cr", "old Macintosh mailers", "", "",
			func(p string) string {
				return "Subject: x\rContent-Type: multipart/mixed; boundary=b1\r\r--b1\rContent-Transfer-Encoding: base64\r\r" + b64(p) + "\r--b1--\r"
			}},
		{"body-line-end", "all: the line end before a delimiter is its own", "", "",
			func(p string) string {
				return open + "--b1\nContent-Type: text/plain\n\n" + p + "\n--b1\n" + plainPart + "\n--b1--\n"
			}},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: "2046 5.1.1", label: v.label, anomaly: v.anomaly, make: v.make})
	}
	return all
}
