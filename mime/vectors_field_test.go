package mime

import "strings"

// fieldVectors write the fields of a header, and its end, so that clients
// disagree on which fields there are (RFC 5322 section 2.2).
func fieldVectors() (all []vector) {
	const cte = "Content-Transfer-Encoding: base64\n"
	for _, v := range []struct{ name, reads, label, anomaly, head string }{
		{"field-blank-before-colon", "Thunderbird", "", AnomalyBlankBeforeColon, "Content-Type: a/b\nContent-Transfer-Encoding : base64\n\n"},
		{"field-tab-before-colon", "Thunderbird", "", AnomalyBlankBeforeColon, "Content-Type: a/b\nContent-Transfer-Encoding\t: base64\n\n"},
		{"field-nul-before-colon", "parsers in C", "", AnomalyOddFieldName, "Content-Type: a/b\nContent-Transfer-Encoding\x00: base64\n\n"},
		{"field-nul-within", "parsers that drop NUL", "", AnomalyOddFieldName, "Content-Type: a/b\nContent-\x00Transfer-Encoding: base64\n\n"},
		{"field-nul-in-front", "parsers that drop NUL", "", AnomalyOddFieldName, "Content-Type: a/b\n\x00Content-Transfer-Encoding: base64\n\n"},
		{"field-comment-behind", "parsers of RFC 5322 comments", "", AnomalyOddFieldName, "Content-Type: a/b\nContent-Transfer-Encoding (x): base64\n\n"},
		{"field-bom", "editors' files", "", AnomalyOddFieldName, "Content-Type: a/b\n\xef\xbb\xbfContent-Transfer-Encoding: base64\n\n"},
		{"field-control", "parsers that drop controls", "", AnomalyOddFieldName, "Content-Type: a/b\n\x0bContent-Transfer-Encoding\x08: base64\n\n"},
		{"field-blank-in-front", "Thunderbird", "", AnomalyLeadingFold, " Content-Transfer-Encoding: base64\nContent-Type: a/b\n\n"},
		{"field-behind-junk-fold", "lenient parsers", "", AnomalyJunkLine, "Content-Type: a/b\njunk\n Content-Transfer-Encoding: base64\n\n"},
		{"field-behind-cr", "Thunderbird, Python", "", AnomalyHiddenField, "Content-Type: a/b\nX: y\rContent-Transfer-Encoding: base64\n\n"},
		{"field-behind-lf", "most", "", AnomalyHiddenField, "Content-Type: a/b\nX: y␊Content-Transfer-Encoding: base64\n\n"},
		{"field-behind-junk", "Thunderbird, Outlook", "header=long", AnomalyJunkLine, "Content-Type: a/b\njunk\nContent-Transfer-Encoding: base64\n\n"},
		{"field-behind-junk-first", "Thunderbird, Outlook", "header=long", AnomalyJunkLine, "junk line first\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n"},
		{"field-behind-blank-line", "parsers that take a blank line for a fold", "header=long", AnomalyBlankLine, "Content-Type: a/b\n \t\nContent-Transfer-Encoding: base64\n\n"},
		{"field-behind-empty-name", "Thunderbird", "header=long", AnomalyJunkLine, "Content-Type: a/b\n: x\nContent-Transfer-Encoding: base64\n\n"},
		{"field-behind-nul-line", "lenient parsers", "header=long", AnomalyJunkLine, "Content-Type: a/b\n\x00\x00\nContent-Transfer-Encoding: base64\n\n"},
		{"field-leading-blank-lines", "Thunderbird", "", AnomalyLeadingBlank, "\n\n" + "Content-Type: a/b\n" + cte + "\n"},
		{"field-leading-blank-line-only-cte", "Thunderbird", "", AnomalyLeadingBlank, "\n" + cte + "\n"},
		{"field-mbox", "Thunderbird, mutt", "", AnomalyMboxLine, "From a@b Mon Jan  1 00:00:00 2024\n" + cte + "\n"},
		{"field-mbox-quoted", "mutt", "", AnomalyMboxLine, ">From a@b Mon Jan  1 00:00:00 2024\n" + cte + "\n"},
		{"field-mbox-indented", "lenient parsers", "", AnomalyMboxLine, " From a@b Mon Jan  1 00:00:00 2024\n" + cte + "\n"},
		{"field-mbox-envelope", "all", "", AnomalyMboxLine, "From a@b Mon Jan  1 00:00:00 2024\nX-Envelope-From: <a@b>\nX-Envelope-To: <c@d>\n" + cte + "\n"},
		{"field-envelope", "all", "", "", "X-Envelope-From: <a@b>\nX-Envelope-To: <c@d>\n" + cte + "\n"},
		{"field-bom-first", "most", "", AnomalyBOM, "\xef\xbb\xbf" + cte + "\n"},
		{"field-bom-mbox", "most", "", AnomalyMboxLine, "\xef\xbb\xbfFrom a@b Mon\n" + cte + "\n"},
		{"field-nul-first", "parsers that drop NUL", "", AnomalyOddFieldName, "\x00\x00" + cte + "\n"},
		{"field-long", "all without a limit on lines", "", "", "X: " + strings.Repeat("y", 20000) + "\n" + cte + "\n"},
		{"field-many", "all without a limit on fields", "", "", strings.Repeat("X: y\n", 5000) + cte + "\n"},
		{"field-end-blank", "parsers for which a line of blanks is empty", "", AnomalyBlankLine, cte + " \t\n"},
		{"field-end-double-cr", "Python: CR and CRLF end two lines", "", "", "Content-Transfer-Encoding: base64\r\n"},
		{"field-end-cr", "Thunderbird, Python", "", "", cte + "\r"},
		{"field-end-lf", "most", "", "", cte + "␊"},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: "5322 2.2", label: v.label, anomaly: v.anomaly,
			make: func(p string) string { return v.head + b64(p) + "\n" }})
		if strings.HasPrefix(v.name, "field-mbox") || strings.Contains(v.name, "-bom-") || strings.Contains(v.name, "envelope") || v.name == "field-leading-blank-lines" {
			continue
		}
		all = append(all, vector{name: v.name + "-part", reads: v.reads, rfc: "5322 2.2", label: v.label, anomaly: partAnomaly(v.anomaly, v.name),
			make: func(p string) string { return mailHead + multiType + "\n" + multi(plainPart, v.head+b64(p)) }})
	}
	for _, v := range []struct{ name, reads, label, anomaly, head string }{
		{"strict-blank-before-colon", "Go's net/mail and others that want RFC 5322", "header=strict", AnomalyBlankBeforeColon, "Content-Type: a/b\nContent-Transfer-Encoding : base64\n\n"},
		{"strict-nul", "parsers that keep NUL", "header=strict", AnomalyOddFieldName, "Content-Type: a/b\nContent-Transfer-Encoding\x00: base64\n\n"},
		{"strict-comment", "parsers that know no comments there", "header=strict", AnomalyOddFieldName, "Content-Type: a/b\nContent-Transfer-Encoding (x): base64\n\n"},
		{"strict-cr", "parsers for which CR ends no line", "header=strict", AnomalyHiddenField, "Content-Type: a/b\nX: y\rContent-Transfer-Encoding: base64\n\n"},
		{"strict-lf", "parsers that want CRLF", "header=strict", AnomalyHiddenField, "Content-Type: a/b\nX: y␊Content-Transfer-Encoding: base64\n\n"},
		{"strict-first-blank", "parsers that drop a fold of nothing", "header=strict", AnomalyLeadingFold, " Content-Transfer-Encoding: base64\nContent-Type: a/b\n\n"},
		{"strict-junk", "mutt, Python's email package", "header=short", AnomalyNoHeaderEnd, "Content-Type: a/b\nX: y\njunk\nContent-Transfer-Encoding: base64\n\n"},
		{"strict-blank-line", "Thunderbird: only an empty line ends a header", "header=long", AnomalyBlankLine, "Content-Type: a/b\nX: y\n \nContent-Transfer-Encoding: quoted-printable\n\n"},
		{"strict-blank-line-ends", "parsers for which a line of blanks is empty", "header=blank", AnomalyBlankLine, "Content-Type: a/b\n \nX: y\nContent-Transfer-Encoding: base64\n\n"},
		{"strict-double-cr", "Python: CR and CRLF end two lines", "header=cr", AnomalyDoubleCR, "Content-Type: a/b\r\nX: y\nContent-Transfer-Encoding: base64\n\n"},
		{"strict-leading-blank", "parsers for which the header is empty", "header=none", AnomalyLeadingBlank, "\nContent-Transfer-Encoding: base64\n\n"},
	} {
		encode := raw
		if v.name == "strict-blank-line" {
			encode = qpAll
		}
		all = append(all, vector{name: v.name, reads: v.reads, rfc: "5322 2.2", label: v.label, anomaly: v.anomaly,
			part: v.label != "header=strict",
			make: func(p string) string { return v.head + encode(p) + "\n" }})
	}
	return append(all,
		vector{name: "header-none", reads: "all", rfc: "2046 5.1", make: func(p string) string { return mailHead + multiType + "\n" + multi("\n"+p) }},
		vector{name: "header-none-no-blank", reads: "all", rfc: "2046 5.1", make: func(p string) string { return mailHead + multiType + "\n" + multi(p) }},
		vector{name: "header-not-ended", reads: "Thunderbird, Python", rfc: "5322 2.1", anomaly: AnomalyNoHeaderEnd,
			make: func(p string) string { return mailHead + multiType + "\n" + multi("Content-Type: a/b\n"+p) }},
		vector{name: "header-starts-blank", reads: "all", rfc: "5322 2.2.3", anomaly: "", make: func(p string) string {
			return mailHead + multiType + "\n" + multi(" \tX: y\nContent-Transfer-Encoding: base64\n\n"+b64(p))
		}},
		vector{name: "header-starts-colonless", reads: "Thunderbird", rfc: "5322 2.2", anomaly: AnomalyJunkLine, make: func(p string) string {
			return mailHead + multiType + "\n" + multi("X\nContent-Transfer-Encoding: base64\n\n"+b64(p))
		}},
		vector{name: "header-in-body", reads: "parsers that skip blank lines in front of fields", rfc: "2046 5.1", anomaly: AnomalyHiddenEntity, make: func(p string) string {
			return mailHead + multiType + "\n" + multi("\nContent-Transfer-Encoding: base64\n\n"+b64(p))
		}},
		vector{name: "header-multipart-in-part", reads: "Thunderbird", rfc: "5322 2.2", anomaly: AnomalyHiddenField, make: func(p string) string {
			return "Subject: x\rContent-Type: multipart/mixed; boundary=b0\nX: y\n\n" + multi(plainPart, attachment(p))
		}},
		vector{name: "header-nul-everywhere", reads: "parsers that drop NUL", rfc: "5322 2.2", anomaly: AnomalyOddFieldName, make: func(p string) string {
			return strings.ReplaceAll("Content-Type: a/b\nContent-Transfer-Encoding: base64\n", "e", "e\x00") + "\n" + b64(p) + "\n"
		}},
	)
}

// partAnomaly is what a trick of the message's own header shows in a part's.
func partAnomaly(anomaly, name string) string {
	if name == "field-leading-blank-line-only-cte" {
		return AnomalyHiddenEntity
	}
	return anomaly
}
