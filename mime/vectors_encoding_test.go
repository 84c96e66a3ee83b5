package mime

// encodingVectors break the rules of Content-Transfer-Encoding (RFC 2045 section
// 6), whose first and only token they contradict, bend or misspell.
func encodingVectors() (all []vector) {
	for _, v := range []struct {
		name, reads, label, anomaly, fields string
		encode                              func(string) string
	}{
		{"cte-two-first", "Thunderbird, Outlook, Apple Mail", "cte=base64", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n", b64},
		{"cte-two-last", "mutt", "cte=base64", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n", b64},
		{"cte-two-qp", "mutt", "cte=quoted-printable", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\n", qpAll},
		{"cte-two-identity", "mutt", "cte=7bit", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n", raw},
		{"cte-two-uuencode", "Thunderbird, Outlook", "cte=x-uuencode", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: x-uuencode\n", uu},
		{"cte-three", "Thunderbird, mutt", "cte=quoted-printable", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: quoted-printable\nContent-Transfer-Encoding: base64\n", qpAll},
		{"cte-tokens-first", "Thunderbird, mutt", "cte=base64", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: base64 7bit\n", b64},
		{"cte-tokens-last", "parsers that search the value", "cte=base64", AnomalyDuplicateEncoding, "Content-Transfer-Encoding: 7bit base64\n", b64},
		{"cte-tokens-none", "Outlook, Apple Mail", "cte=7bit", AnomalyOddEncoding, "Content-Transfer-Encoding: base64 quoted-printable\n", raw},
		{"cte-tokens-comma", "Thunderbird", "", AnomalyOddEncoding, "Content-Transfer-Encoding: base64, x\n", b64},
		{"cte-tokens-semicolon", "Thunderbird", "", AnomalyOddEncoding, "Content-Transfer-Encoding: base64; x=y\n", b64},
		{"cte-comment-behind", "parsers of RFC 5322 comments", "", AnomalyOddEncoding, "Content-Transfer-Encoding: base64 (no)\n", b64},
		{"cte-comment-before", "parsers of RFC 5322 comments", "", AnomalyOddEncoding, "Content-Transfer-Encoding: (7bit) base64\n", b64},
		{"cte-comment-within", "parsers that cut comments out first", "cte=base64", AnomalyOddEncoding, "Content-Transfer-Encoding: ba(x)se64\n", b64},
		{"cte-comment-ignored", "parsers that know no comments", "cte=7bit", AnomalyOddEncoding, "Content-Transfer-Encoding: (base64)\n", raw},
		{"cte-quoted", "Thunderbird, Python", "", AnomalyOddEncoding, "Content-Transfer-Encoding: \"base64\"\n", b64},
		{"cte-quoted-single", "lenient parsers", "", AnomalyOddEncoding, "Content-Transfer-Encoding: 'base64'\n", b64},
		{"cte-encoded-word", "parsers that decode all fields", "cte=base64", AnomalyOddEncoding, "Content-Transfer-Encoding: =?us-ascii?Q?base6=34?=\n", b64},
		{"cte-percent", "parsers that decode percent signs", "cte=base64", AnomalyOddEncoding, "Content-Transfer-Encoding: %62ase64\n", b64},
		{"cte-nul-behind", "parsers in C", "", AnomalyOddEncoding, "Content-Transfer-Encoding: base64\x00x\n", b64},
		{"cte-nul-within", "parsers that drop NUL", "cte=base64", AnomalyOddEncoding, "Content-Transfer-Encoding: ba\x00se64\n", b64},
		{"cte-folded", "RFC 5322 section 2.2.3", "", "", "Content-Transfer-Encoding:\n base64\n", b64},
		{"cte-folded-within", "parsers that drop the fold", "cte=base64", AnomalyOddEncoding, "Content-Transfer-Encoding: bas\n e64\n", b64},
		{"cte-folded-blank", "all that keep reading", "", "", "Content-Transfer-Encoding: \n \tbase64\t\n", b64},
		{"cte-case", "RFC 2045 section 6.1", "", "", "CONTENT-TRANSFER-ENCODING: BaSe64\n", b64},
		{"cte-colon-twice", "lenient parsers", "", AnomalyOddEncoding, "Content-Transfer-Encoding:: base64\n", b64},
		{"cte-equals", "lenient parsers", "", AnomalyOddEncoding, "Content-Transfer-Encoding: =base64\n", b64},
		{"cte-dot", "lenient parsers", "", AnomalyOddEncoding, "Content-Transfer-Encoding: base64.\n", b64},
		{"cte-misspelt-dash", "parsers that look for 64", "cte=base64", AnomalyUnknownEncoding, "Content-Transfer-Encoding: base-64\n", b64},
		{"cte-misspelt-x", "parsers that drop x-", "cte=base64", AnomalyUnknownEncoding, "Content-Transfer-Encoding: x-base64\n", b64},
		{"cte-misspelt-prefix", "parsers that compare the beginning", "cte=base64", AnomalyUnknownEncoding, "Content-Transfer-Encoding: base64x\n", b64},
		{"cte-misspelt-qp", "parsers that compare the beginning", "cte=quoted-printable", AnomalyUnknownEncoding, "Content-Transfer-Encoding: quoted_printable\n", qpAll},
		{"cte-misspelt-quoted", "parsers that compare the beginning", "cte=quoted-printable", AnomalyUnknownEncoding, "Content-Transfer-Encoding: quoted\n", qpAll},
		{"cte-unknown-base64", "parsers that look at the body", "cte=base64", AnomalyUnknownEncoding, "Content-Transfer-Encoding: zzz\n", b64},
		{"cte-unknown-qp", "parsers that look at the body", "cte=quoted-printable", AnomalyUnknownEncoding, "Content-Transfer-Encoding: zzz\n", qpAll},
		{"cte-unknown-uu", "parsers that look at the body", "cte=x-uuencode", AnomalyUnknownEncoding, "Content-Transfer-Encoding: zzz\n", uu},
		{"cte-unknown-raw", "RFC 2045 section 6.4", "cte=unknown", AnomalyUnknownEncoding, "Content-Transfer-Encoding: zzz\n", raw},
		{"cte-unknown-beside", "parsers that skip what they don't know", "cte=base64", AnomalyUnknownEncoding, "Content-Transfer-Encoding: zzz\nContent-Transfer-Encoding: base64\n", b64},
		{"cte-unknown-first", "RFC 2045 section 6.4, first field", "cte=unknown", AnomalyUnknownEncoding, "Content-Transfer-Encoding: zzz\nContent-Transfer-Encoding: base64\n", raw},
		{"cte-uuencode", "Thunderbird, Outlook", "", "", "Content-Transfer-Encoding: x-uuencode\n", uu},
		{"cte-uuencode-ignored", "Python, MIME-tools", "cte=7bit", "", "Content-Transfer-Encoding: x-uuencode\n", raw},
		{"cte-uue", "Thunderbird", "", "", "Content-Transfer-Encoding: uue\n", uu},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: "2045 6.1", label: v.label, anomaly: v.anomaly,
			make: func(p string) string {
				return mailHead + "Content-Type: application/octet-stream\n" + v.fields + "\n" + v.encode(p) + "\n"
			}})
	}
	encoded := b64
	return append(all,
		vector{name: "cte-multipart-base64", reads: "MIME-tools, Outlook", rfc: "2045 6.4", label: "cte=base64", anomaly: AnomalyEncodedMultipart,
			make: func(p string) string {
				return mailHead + multiType + "Content-Transfer-Encoding: base64\n\n" + encoded(multi(plainPart, attachment(p))) + "\n"
			}},
		vector{name: "cte-multipart-qp", reads: "MIME-tools, Outlook", rfc: "2045 6.4", label: "cte=quoted-printable", anomaly: AnomalyEncodedMultipart,
			make: func(p string) string {
				return mailHead + multiType + "Content-Transfer-Encoding: quoted-printable\n\n" + qpAll(multi(plainPart, attachment(p))) + "\n"
			}},
		vector{name: "cte-multipart-ignored", reads: "Thunderbird", rfc: "2045 6.4", label: "cte=7bit", anomaly: AnomalyEncodedMultipart,
			make: func(p string) string {
				return mailHead + multiType + "Content-Transfer-Encoding: base64\n\n" + multi(plainPart, attachment(p))
			}},
		vector{name: "cte-multipart-inner", reads: "MIME-tools", rfc: "2045 6.4", label: "cte=base64", anomaly: AnomalyEncodedMultipart,
			make: func(p string) string {
				return mailHead + "Content-Type: multipart/mixed; boundary=outer\n\n--outer\n" + multiType + "Content-Transfer-Encoding: base64\n\n" + encoded(multi(plainPart, attachment(p))) + "\n--outer--\n"
			}},
		vector{name: "cte-message-base64", reads: "Thunderbird, Outlook", rfc: "2046 5.2.1", label: "", anomaly: AnomalyEncodedMessage,
			make: func(p string) string {
				return mailHead + "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + encoded(mailHead+attachment(p)) + "\n"
			}},
		vector{name: "cte-message-ignored", reads: "Python's email package", rfc: "2046 5.2.1", label: "", anomaly: AnomalyEncodedMessage,
			make: func(p string) string {
				return mailHead + "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + mailHead + attachment(p) + "\n"
			}},
		vector{name: "cte-message-global", reads: "RFC 6532 section 3.5", rfc: "6532 3.5", label: "",
			make: func(p string) string {
				return mailHead + "Content-Type: message/global\nContent-Transfer-Encoding: quoted-printable\n\n" + qpAll(mailHead+attachment(p)) + "\n"
			}},
		vector{name: "cte-digest-base64", reads: "Thunderbird", rfc: "2046 5.1.5", label: "", anomaly: AnomalyEncodedMessage,
			make: func(p string) string {
				return mailHead + "Content-Type: multipart/digest; boundary=b0\n\n" + multi("Content-Transfer-Encoding: base64\n\n"+encoded(mailHead+attachment(p)))
			}},
	)
}

func raw(p string) string { return p }
