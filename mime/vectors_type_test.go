package mime

import "strings"

// typeVectors break the rules of Content-Type (RFC 2045 section 5.1) so that
// clients disagree on whether there are parts.
func typeVectors() (all []vector) {
	for _, v := range []struct{ name, reads, label, anomaly, fields string }{
		{"type-two-first", "Thunderbird, Outlook, Apple Mail", "type=multipart", AnomalyDuplicateType, multiType + "Content-Type: text/plain\n"},
		{"type-two-last", "mutt", "type=multipart", AnomalyDuplicateType, "Content-Type: text/plain\n" + multiType},
		{"type-two-boundaries-first", "Thunderbird, Outlook, Apple Mail", "", AnomalyDuplicateType, multiType + "Content-Type: multipart/mixed; boundary=other\n"},
		{"type-two-boundaries-last", "mutt", "", AnomalyDuplicateType, "Content-Type: multipart/mixed; boundary=other\n" + multiType},
		{"type-three", "mutt", "type=multipart", AnomalyDuplicateType, "Content-Type: text/plain\nContent-Type: text/html\n" + multiType},
		{"type-no-semicolon", "lenient parsers", "", AnomalyBadParameter, "Content-Type: multipart/mixed boundary=b0\n"},
		{"type-comma", "lenient parsers", "", AnomalyBadParameter, "Content-Type: multipart/mixed, boundary=b0\n"},
		{"type-no-subtype", "Thunderbird takes multipart for mixed", "type=multipart", AnomalyBadType, "Content-Type: multipart; boundary=b0\n"},
		{"type-empty-subtype", "lenient parsers", "type=multipart", AnomalyBadType, "Content-Type: multipart/; boundary=b0\n"},
		{"type-blank-behind-slash", "parsers of RFC 5322 blanks", "", AnomalyBadType, "Content-Type: multipart/ mixed; boundary=b0\n"},
		{"type-blank-before-slash", "parsers of RFC 5322 blanks", "", AnomalyBadType, "Content-Type: multipart /mixed; boundary=b0\n"},
		{"type-comment-within", "parsers of RFC 5322 comments", "", AnomalyBadType, "Content-Type: multipart(x)/(y)mixed; boundary=b0\n"},
		{"type-comment-in-word", "parsers that cut comments out first", "", AnomalyBadType, "Content-Type: multi(x)part/mixed; boundary=b0\n"},
		{"type-comment-before", "parsers of RFC 5322 comments", "", "", "Content-Type: (x) multipart/mixed; boundary=b0\n"},
		{"type-quoted", "lenient parsers", "type=multipart", AnomalyBadType, "Content-Type: \"multipart/mixed\"; boundary=b0\n"},
		{"type-encoded-word", "parsers that decode all fields", "type=multipart", AnomalyBadType, "Content-Type: =?us-ascii?Q?multi=70art/mixed?=; boundary=b0\n"},
		{"type-encoded-base64", "parsers that decode all fields", "type=multipart", AnomalyBadType, "Content-Type: =?us-ascii?B?" + b64("multipart/mixed") + "?=; boundary=b0\n"},
		{"type-encoded-whole", "parsers that decode all fields", "type=multipart", AnomalyBadType, "Content-Type: =?us-ascii?B?" + b64("multipart/mixed; boundary=b0") + "?=\n"},
		{"type-percent", "parsers that decode percent signs", "type=multipart", AnomalyBadType, "Content-Type: %6dultipart/mixed; boundary=b0\n"},
		{"type-nul", "parsers that drop NUL", "type=multipart", AnomalyBadType, "Content-Type: multi\x00part/mixed; boundary=b0\n"},
		{"type-nul-behind", "parsers in C", "", AnomalyBadType, "Content-Type: multipart/mixed\x00x; boundary=b0\n"},
		{"type-folded-within", "parsers that drop the fold", "type=multipart", AnomalyBadType, "Content-Type: multi\n part/mixed; boundary=b0\n"},
		{"type-folded", "RFC 5322 section 2.2.3", "", "", "Content-Type:\n multipart/mixed;\n\tboundary=b0\n"},
		{"type-case", "RFC 2045 section 5.1", "", "", "CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=b0\n"},
		{"type-unknown-subtype", "RFC 2046 section 5.1.7", "", "", "Content-Type: multipart/x-zzz; boundary=b0\n"},
		{"type-parameter-first", "lenient parsers", "type=multipart", AnomalyBadType, "Content-Type: boundary=b0; multipart/mixed\n"},
		{"type-boundary-only", "parsers that look for a boundary", "type=multipart", AnomalyBadType, "Content-Type: boundary=b0\n"},
		{"type-semicolon-first", "lenient parsers", "type=multipart", AnomalyBadType, "Content-Type: ; multipart/mixed; boundary=b0\n"},
		{"type-leaf-with-boundary", "parsers that look for a boundary", "type=multipart", AnomalyStrayBoundary, "Content-Type: text/plain; boundary=b0\n"},
		{"type-leaf-then-multipart", "parsers that search the value", "type=multipart", AnomalyBadType, "Content-Type: text/plain, multipart/mixed; boundary=b0\n"},
		{"type-boundary-in-disposition", "scanners; all clients ignore it", "", AnomalyStrayBoundary, "Content-Type: multipart/mixed\nContent-Disposition: inline; boundary=b0\n"},
		{"type-colon-twice", "lenient parsers", "type=multipart", AnomalyBadType, "Content-Type:: multipart/mixed; boundary=b0\n"},
		{"type-misspelt", "parsers that compare the beginning", "type=multipart", AnomalyBadType, "Content-Type: multiparts/mixed; boundary=b0\n"},
		{"type-sun", "Thunderbird", "", AnomalySun, "Content-Type: X-sun-attachment\n"},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: "2045 5.1", label: v.label, anomaly: v.anomaly,
			make: func(p string) string {
				if v.name == "type-sun" {
					return mailHead + v.fields + "\n----------\nX-Sun-Data-Type: text\n\nhello\n----------\nX-Sun-Data-Type: default\nX-Sun-Data-Name: a.bin\nX-Sun-Encoding-Info: uuencode\n\n" + uu(p) + "\n"
				}
				return mailHead + v.fields + "\n" + multi(plainPart, attachment(p))
			}})
	}
	return append(all,
		vector{name: "type-two-leaf", reads: "mutt", rfc: "2045 5", label: "type=leaf", anomaly: AnomalyDuplicateType, part: true,
			make: func(p string) string {
				return mailHead + multiType + "Content-Type: text/html\n\n<script>" + p + "</script>\n"
			}},
		vector{name: "type-two-message", reads: "mutt", rfc: "2045 5", label: "", anomaly: AnomalyDuplicateType,
			make: func(p string) string {
				return mailHead + "Content-Type: text/plain\nContent-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\n" + b64(p) + "\n"
			}},
		vector{name: "type-undeclared", reads: "parsers that look at the body", rfc: "2045 5.2", label: "hidden=multipart", anomaly: AnomalyHiddenMultipart,
			make: func(p string) string { return mailHead + "\n" + multi(plainPart, attachment(p)) }},
		vector{name: "type-other-boundary", reads: "parsers that look at the body", rfc: "2046 5.1.1", label: "hidden=multipart", anomaly: AnomalyHiddenMultipart,
			make: func(p string) string {
				return mailHead + "Content-Type: multipart/mixed; boundary=other\n\n" + multi(plainPart, attachment(p))
			}},
	)
}

// boundaryVectors break the rules of the boundary parameter (RFC 2046 section
// 5.1.1): what it is differs from client to client.
func boundaryVectors() (all []vector) {
	long := strings.Repeat("0123456789", 20)
	for _, v := range []struct{ name, reads, anomaly, params, boundary string }{
		{"boundary-twice-first", "Thunderbird, Outlook, mutt", AnomalyDuplicateBoundary, "boundary=b1; boundary=b2", "b1"},
		{"boundary-twice-last", "Apple Mail", AnomalyDuplicateBoundary, "boundary=b1; boundary=b2", "b2"},
		{"boundary-thrice", "none known", AnomalyDuplicateBoundary, "boundary=b1; boundary=b2; boundary=b3", "b2"},
		{"boundary-comment-cut", "Outlook", AnomalyBoundaryVariant, "boundary=\"b1(x)\"", "b1"},
		{"boundary-comment-stripped", "parsers that cut comments out first", AnomalyBoundaryVariant, "boundary=\"b(x)1\"", "b1"},
		{"boundary-comment-literal", "mutt", "", "boundary=\"b(x)1\"", "b(x)1"},
		{"boundary-comment-unquoted", "parsers that know no comments", AnomalyBadParameter, "boundary=b1(x)", "b1(x)"},
		{"boundary-comment-before", "parsers of RFC 5322 comments", "", "boundary=(x)b1", "b1"},
		{"boundary-comment-before-literal", "parsers that know no comments", AnomalyBoundaryVariant, "boundary=(x)b1", "(x)b1"},
		{"boundary-comment-in-name", "parsers of RFC 5322 comments", "", "boundary(x)=b1", "b1"},
		{"boundary-extended", "Thunderbird", "", "boundary*=us-ascii''b%31", "b1"},
		{"boundary-continued", "Thunderbird", "", "boundary*0=b; boundary*1=1", "b1"},
		{"boundary-continued-encoded", "Thunderbird", "", "boundary*0*=us-ascii''%62; boundary*1=1", "b1"},
		{"boundary-continued-order", "parsers of RFC 2231", "", "boundary*1=1; boundary*0=b", "b1"},
		{"boundary-continued-gap", "lenient parsers of RFC 2231", "", "boundary*0=b; boundary*2=1", "b1"},
		{"boundary-continued-cut", "parsers that stop at a gap", AnomalyBoundaryVariant, "boundary*0=b; boundary*2=1", "b"},
		{"boundary-continued-first", "parsers that compare the beginning of the name", AnomalyBoundaryVariant, "boundary*0=b; boundary*1=1", "b"},
		{"boundary-plain-beside-extended", "Outlook", AnomalyDuplicateBoundary, "boundary*=us-ascii''b1; boundary=b2", "b2"},
		{"boundary-extended-beside-plain", "Thunderbird", AnomalyDuplicateBoundary, "boundary=b2; boundary*=us-ascii''b1", "b1"},
		{"boundary-continued-beside-plain", "Thunderbird", AnomalyDuplicateBoundary, "boundary=b2; boundary*0=b; boundary*1=1", "b1"},
		{"boundary-extended-literal", "parsers that know no RFC 2231", AnomalyBoundaryVariant, "boundary*=us-ascii''b1", "us-ascii''b1"},
		{"boundary-encoded-word", "Claws Mail", AnomalyBoundaryVariant, "boundary=\"=?us-ascii?Q?b=31?=\"", "b1"},
		{"boundary-encoded-word-literal", "Thunderbird", "", "boundary=\"=?us-ascii?Q?b=31?=\"", "=?us-ascii?Q?b=31?="},
		{"boundary-percent", "parsers that decode percent signs", AnomalyBoundaryVariant, "boundary=b%31", "b1"},
		{"boundary-percent-literal", "all others", "", "boundary=b%31", "b%31"},
		{"boundary-quoted-pair", "RFC 5322 section 3.2.4", AnomalyBoundaryVariant, `boundary="b\1"`, "b1"},
		{"boundary-quoted-pair-literal", "parsers that know no quoted pairs", "", `boundary="b\1"`, `b\1`},
		{"boundary-quoted-quote", "RFC 5322 section 3.2.4", "", `boundary="b\"1"`, `b"1`},
		{"boundary-quoted-quote-cut", "parsers that end at any quote", AnomalyBoundaryVariant, `boundary="b\"1"`, `b\`},
		{"boundary-quotes-kept", "parsers that know no quotes", AnomalyBoundaryVariant, `boundary="b1"`, `"b1"`},
		{"boundary-single-quotes", "lenient parsers", AnomalyBoundaryVariant, "boundary='b1'", "b1"},
		{"boundary-single-quotes-literal", "RFC 2045 section 5.1", "", "boundary='b1'", "'b1'"},
		{"boundary-open-quote", "Thunderbird, Outlook", AnomalyBadParameter, `boundary="b1`, "b1"},
		{"boundary-open-quote-cut", "parsers that end at the semicolon", AnomalyBoundaryVariant, `boundary="b1; charset=x`, "b1"},
		{"boundary-quote-within", "lenient parsers", AnomalyBoundaryVariant, `boundary=b"1"`, "b1"},
		{"boundary-quote-then-more", "parsers that join", AnomalyBoundaryVariant, `boundary="b"1`, "b1"},
		{"boundary-quote-then-more-cut", "parsers that end at the quote", "", `boundary="b"1`, "b"},
		{"boundary-semicolon-quoted", "RFC 2045 section 5.1", "", `boundary="b;1"`, "b;1"},
		{"boundary-semicolon-cut", "parsers that split at semicolons first", AnomalyBoundaryVariant, `boundary="b;1"`, "b"},
		{"boundary-blank-quoted", "RFC 2046 section 5.1.1", "", `boundary="b 1"`, "b 1"},
		{"boundary-blank-cut", "parsers that end at blanks", AnomalyBoundaryVariant, `boundary="b 1"`, "b"},
		{"boundary-blank-removed", "parsers that drop blanks", AnomalyBoundaryVariant, `boundary="b 1"`, "b1"},
		{"boundary-blank-unquoted", "lenient parsers", AnomalyBadParameter, `boundary=b 1`, "b 1"},
		{"boundary-blank-leading", "parsers that trim", AnomalyBoundaryVariant, `boundary=" b1"`, "b1"},
		{"boundary-blank-leading-literal", "RFC 2045 section 5.1", "", `boundary=" b1"`, " b1"},
		{"boundary-blank-trailing", "RFC 2046 section 5.1.1", "", `boundary="b1 "`, "b1"},
		{"boundary-blank-trailing-literal", "parsers that compare all", "", `boundary="b1 "`, "b1 "},
		{"boundary-blanks-around", "lenient parsers", "", "boundary = b1", "b1"},
		{"boundary-tab-quoted", "parsers that end at blanks", AnomalyBoundaryVariant, "boundary=\"b\t1\"", "b"},
		{"boundary-folded", "RFC 5322 section 2.2.3", "", "boundary=\"b\n 1\"", "b 1"},
		{"boundary-folded-removed", "parsers that drop the fold", AnomalyBoundaryVariant, "boundary=\"b\n 1\"", "b1"},
		{"boundary-folded-cut", "parsers that read one line", AnomalyBoundaryVariant, "boundary=b\n 1", "b"},
		{"boundary-nul", "parsers in C", AnomalyBoundaryVariant, "boundary=\"b1\x00x\"", "b1"},
		{"boundary-nul-removed", "parsers that drop NUL", AnomalyBoundaryVariant, "boundary=\"b\x001\"", "b1"},
		{"boundary-nul-literal", "parsers that keep NUL", "", "boundary=\"b\x001\"", "b\x001"},
		{"boundary-nul-in-name", "parsers that drop NUL", AnomalyBoundaryVariant, "boun\x00dary=b1", "b1"},
		{"boundary-dashes-declared", "parsers that search for the value", AnomalyBoundaryVariant, "boundary=\"--b1\"", "b1"},
		{"boundary-long", "most", AnomalyLongBoundary, "boundary=" + long, long},
		{"boundary-long-cut", "parsers with room for 70", AnomalyLongBoundary, "boundary=" + long, long[:70]},
		{"boundary-very-long", "most", AnomalyLongBoundary, "boundary=" + strings.Repeat(long, 10), strings.Repeat(long, 10)},
		{"boundary-prefixed-name", "parsers that search for the name", AnomalyBoundaryVariant, "boundary=b2; x-boundary=b1", "b1"},
		{"boundary-8bit", "most", "", "boundary=\"b\xe9\"", "b\xe9"},
		{"boundary-empty-then-other", "parsers that skip an empty value", AnomalyDuplicateBoundary, "boundary=; boundary=b1", "b1"},
		{"boundary-encoded-name", "parsers that decode percent signs", AnomalyBoundaryVariant, "%62oundary=b1", "b1"},
	} {
		all = append(all, vector{name: v.name, reads: v.reads, rfc: "2046 5.1.1", anomaly: v.anomaly,
			make: func(p string) string {
				return mailHead + "Content-Type: multipart/mixed; " + v.params + "\n\n--" + v.boundary + "\n" + plainPart + "\n--" + v.boundary + "\n" + attachment(p) + "\n--" + v.boundary + "--\n"
			}})
	}
	return append(all,
		vector{name: "boundary-empty", reads: "several", rfc: "2046 5.1.1", make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n" + plainPart + "\n--\n" + attachment(p) + "\n----\n"
		}},
		vector{name: "boundary-empty-other", reads: "several", rfc: "2046 5.1.1", make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed; boundary=\"\"\n\n--b1\n" + plainPart + "\n--b1\n" + attachment(p) + "\n--b1--\n"
		}},
		vector{name: "boundary-missing", reads: "parsers that look at the body", rfc: "2046 5.1.1", anomaly: AnomalyMissingBoundary, make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed\n\n--b1\n" + plainPart + "\n--b1\n" + attachment(p) + "\n--b1--\n"
		}},
		vector{name: "boundary-both-payload-second", reads: "mutt", rfc: "2045 5", make: func(p string) string {
			return mailHead + "Content-Type: multipart/mixed; boundary=b1\nContent-Type: multipart/mixed; boundary=b2\n\n--b1\n" + plainPart + "\n--b2\n" + attachment(p) + "\n--b2--\n--b1--\n"
		}},
		vector{name: "boundary-crossed", reads: "Thunderbird", rfc: "2045 5", make: func(p string) string {
			e := b64(p)
			return mailHead + "Content-Type: multipart/mixed; boundary=__\nContent-Type: multipart/mixed; boundary=..\n\n--..\n" + plainPart +
				"\n--__\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + e[:8] + "\n--..\n" + e[8:] + "\n--__--\n--..--\n"
		}},
	)
}
