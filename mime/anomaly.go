package mime

import "slices"

// Anomalies: what is odd about an entity, as it stands in Entity.Anomalies. The
// names are stable: policies and reports are written in them.
const (
	// AnomalyBOM: a UTF-8 byte order mark before the first field (RFC 5322
	// section 2.2 allows ASCII only). Editors that save .eml files put it there.
	AnomalyBOM = "byte-order-mark"
	// AnomalyMboxLine: an mbox "From " line in front (RFC 4155). Local delivery
	// and archives put it there; Thunderbird and mutt skip it.
	AnomalyMboxLine = "mbox-from-line"
	// AnomalyLeadingBlank: blank lines before the first field (RFC 5322 section
	// 2.1 has a header first). Thunderbird reads the fields all the same.
	AnomalyLeadingBlank = "leading-blank-line"
	// AnomalyLeadingFold: the first line of the header is folded (RFC 5322
	// section 2.2.3), or a fold follows a line that is no field.
	AnomalyLeadingFold = "leading-folded-line"
	// AnomalyJunkLine: a header line without a colon or with an unusable name
	// (RFC 5322 section 2.2). Clients skip it and go on; others end the header.
	AnomalyJunkLine = "header-junk-line"
	// AnomalyBlankBeforeColon: blanks between a field's name and its colon (RFC
	// 5322 section 4.5 keeps it as obsolete syntax). Thunderbird accepts it.
	AnomalyBlankBeforeColon = "blank-before-colon"
	// AnomalyNoHeaderEnd: no blank line between header and body (RFC 5322
	// section 2.1); the body was taken to start at the first line that is no field.
	AnomalyNoHeaderEnd = "header-not-ended"
	// AnomalyHeaderCut: the header is longer than Limits.HeaderBytes; fields past
	// the limit were not read.
	AnomalyHeaderCut = "header-cut"
	// AnomalyDuplicateType: more than one Content-Type field (RFC 5322 section
	// 3.6, RFC 2045 section 5). Thunderbird and Outlook take the first, mutt the last.
	AnomalyDuplicateType = "duplicate-content-type"
	// AnomalyDuplicateEncoding: more than one Content-Transfer-Encoding field, or
	// several known tokens in one (RFC 2045 section 6.1). Clients differ.
	AnomalyDuplicateEncoding = "duplicate-transfer-encoding"
	// AnomalyDuplicateBoundary: several boundary parameters (RFC 2046 section
	// 5.1.1). Thunderbird, Outlook and mutt take the first, Apple Mail the last.
	AnomalyDuplicateBoundary = "duplicate-boundary"
	// AnomalyMissingBoundary: a multipart without a boundary parameter (RFC 2046
	// section 5.1.1); the first line that starts with "--" was taken for it.
	AnomalyMissingBoundary = "missing-boundary"
	// AnomalyLongBoundary: a boundary longer than the 70 octets of RFC 2046
	// section 5.1.1.
	AnomalyLongBoundary = "long-boundary"
	// AnomalyBadParameter: a parameter that breaks RFC 2045 section 5.1: no
	// semicolon, an unterminated quote, a missing "=". Most clients read it anyway.
	AnomalyBadParameter = "malformed-parameter"
	// AnomalyBadType: a Content-Type that is not type/subtype (RFC 2045 section 5.1).
	AnomalyBadType = "malformed-content-type"
	// AnomalyUnknownEncoding: a transfer encoding that nobody knows (RFC 2045
	// section 6.4 says to treat the body as application/octet-stream); raw bytes given.
	AnomalyUnknownEncoding = "unknown-transfer-encoding"
	// AnomalyOddEncoding: a known transfer encoding written oddly, with comments,
	// quotes or bytes around the token. Thunderbird cuts at ";", "," and blanks.
	AnomalyOddEncoding = "malformed-transfer-encoding"
	// AnomalyEncodedMultipart: a multipart in base64, quoted-printable or uuencode,
	// which RFC 2045 section 6.4 forbids; it was split decoded and as it stands.
	AnomalyEncodedMultipart = "encoded-multipart"
	// AnomalyUnclosed: a multipart without its closing delimiter (RFC 2046 section
	// 5.1.1): cut messages, bounces, and worms that never wrote it.
	AnomalyUnclosed = "multipart-not-closed"
	// AnomalyAfterClose: parts after the closing delimiter (RFC 2046 section
	// 5.1.1). mailparser and others read them.
	AnomalyAfterClose = "parts-after-close"
	// AnomalyOddDelimiter: bytes after the boundary on a delimiter line (RFC 2046
	// section 5.1.1 asks for a match of the beginning only).
	AnomalyOddDelimiter = "delimiter-with-junk"
	// AnomalyIndentedDelimiter: blanks before the dashes of what may be a delimiter
	// (RFC 2046 section 5.1.1 has it at the beginning of a line).
	AnomalyIndentedDelimiter = "delimiter-indented"
	// AnomalyCRDelimiter: a lone CR begins or ends what may be a delimiter, in mail
	// that has LF too (RFC 5322 section 2.3 forbids lone CRs).
	AnomalyCRDelimiter = "delimiter-at-lone-cr"
	// AnomalyPrefixBoundary: a multipart's boundary begins with that of one around
	// it (RFC 2046 section 5.1.2 asks for care); clients that compare the beginning
	// end the inner one.
	AnomalyPrefixBoundary = "boundary-begins-another"
	// AnomalyBoundaryVariant: a line fits the boundary in another reading than the
	// plain one: quotes, comments, blanks, encodings (RFC 2045 section 5.1).
	AnomalyBoundaryVariant = "boundary-read-otherwise"
	// AnomalyEmptyMultipart: a multipart without any part (RFC 2046 section 5.1).
	AnomalyEmptyMultipart = "multipart-without-parts"
	// AnomalyBase64Junk: bytes outside the alphabet in a base64 body (RFC 2045
	// section 6.8 says to ignore them). Thunderbird and Apple Mail skip them.
	AnomalyBase64Junk = "base64-junk"
	// AnomalyBase64Resumed: data after padding in a base64 body (RFC 2045 section
	// 6.8). Thunderbird and Apple Mail go on decoding, mutt stops.
	AnomalyBase64Resumed = "base64-data-after-padding"
	// AnomalyBase64Truncated: a base64 body that ends within a quantum, unpadded
	// or with a stray character (RFC 2045 section 6.8).
	AnomalyBase64Truncated = "base64-truncated"
	// AnomalyBase64URL: "-" or "_" in a base64 body, which RFC 4648 section 5 has
	// and RFC 2045 section 6.8 has not.
	AnomalyBase64URL = "base64-url-alphabet"
	// AnomalyBase64Text: a line in a base64 body that holds more than base64 (RFC
	// 2045 section 6.8), as a mailing list's footer does.
	AnomalyBase64Text = "base64-text-line"
	// AnomalyBadQP: an "=" in quoted-printable that is no escape and no soft
	// break (RFC 2045 section 6.7); kept as it stands, as clients do.
	AnomalyBadQP = "quoted-printable-malformed"
	// AnomalyQPLine: blanks before a line end, a NUL, or a CR beside a line end in
	// quoted-printable (RFC 2045 section 6.7), which clients keep or drop.
	AnomalyQPLine = "quoted-printable-line-end"
	// AnomalyBadUU: a uuencoded body without its "begin" or "end" line.
	AnomalyBadUU = "uuencode-malformed"
	// AnomalyBadYEnc: a yEnc file (yenc.org, draft 1.3) without its end, of another
	// size than it says, or with a broken escape.
	AnomalyBadYEnc = "yenc-malformed"
	// AnomalyYEncPart: one part of a yEnc file in several; the others may come in
	// other messages.
	AnomalyYEncPart = "yenc-part"
	// AnomalyBadBinHex: a BinHex 4.0 file (RFC 1741 appendix A) that ends early, or
	// has bytes outside its alphabet or after its end.
	AnomalyBadBinHex = "binhex-malformed"
	// AnomalyBadArmor: base64 in a text (RFC 7468, RFC 9580 section 6, POSIX
	// uuencode -m) without its end line, or that is no base64.
	AnomalyBadArmor = "armor-malformed"
	// AnomalyChecksum: a checksum in the encoding itself (yEnc, BinHex) does not
	// fit what was decoded.
	AnomalyChecksum = "checksum-mismatch"
	// AnomalyEncodedMessage: a message/rfc822 in base64, quoted-printable or uuencode,
	// which RFC 2046 section 5.2.1 forbids; it was read decoded and as it stands.
	AnomalyEncodedMessage = "encoded-message"
	// AnomalyStrayBoundary: a boundary parameter, or the word multipart, in a
	// Content-Type of another kind (RFC 2046 section 5.1); it was split as well.
	AnomalyStrayBoundary = "boundary-without-multipart"
	// AnomalySun: an X-sun-attachment, parts between lines of ten dashes with
	// X-Sun-* fields, as Sun's mailtool wrote before MIME. Thunderbird reads it.
	AnomalySun = "x-sun-attachment"
	// AnomalyLFDelimiter: a lone LF begins or ends what may be a delimiter, in mail
	// whose header has CRLF (RFC 5322 section 2.3 forbids lone LFs).
	AnomalyLFDelimiter = "delimiter-at-lone-lf"
	// AnomalyGluedDelimiter: a delimiter within a line (RFC 2046 section 5.1.1 has
	// it at the beginning of one); parsers that search for the string split there.
	AnomalyGluedDelimiter = "delimiter-within-line"
	// AnomalyOddFieldName: a field's name with NUL, other controls, a byte order mark
	// or a comment in it (RFC 5322 section 2.2); read without them.
	AnomalyOddFieldName = "malformed-field-name"
	// AnomalyHiddenField: a field behind a lone CR, or behind a lone LF in a header
	// with CRLF (RFC 5322 section 2.3); it is part of the one before to some clients.
	AnomalyHiddenField = "field-behind-lone-line-end"
	// AnomalyBlankLine: a line of blanks in a header (RFC 5322 section 2.2.3 allows
	// none). To Thunderbird it is a fold, to others the header's end.
	AnomalyBlankLine = "header-blank-line"
	// AnomalyDoubleCR: a line of a header ends in CRCRLF (RFC 5322 section 2.3). To
	// Python's email package that is a line end and an empty line.
	AnomalyDoubleCR = "header-double-cr"
	// AnomalyHiddenMultipart: delimiters and headers of parts in a text or around a
	// multipart (RFC 2046 section 5.1.1), split as well.
	AnomalyHiddenMultipart = "multipart-in-text"
	// AnomalyFoundOnce: a body was split into parts in one reading of its transfer
	// encoding; in the others it is not split.
	AnomalyFoundOnce = "found-in-one-reading"
	// AnomalyHiddenEntity: an entity's header in a text or around a multipart (RFC
	// 2046 section 5.1.1), read as one as well.
	AnomalyHiddenEntity = "entity-in-text"
	// AnomalyQuotedMessage: a message in a text, each line indented or quoted with
	// ">" or "|", as bounces do; read without that as well.
	AnomalyQuotedMessage = "message-quoted"
	// AnomalyCharset: text in a character set that is no superset of ASCII, which
	// its Content-Type does not say (RFC 2046 section 4.1.2); given transcoded as well.
	AnomalyCharset = "charset-undeclared"
	// AnomalyWideMessage: the message itself is in UTF-16 (RFC 5322 section 2.1 has
	// ASCII), as editors save it; walked as it stands and transcoded.
	AnomalyWideMessage = "message-in-utf-16"
	// AnomalyPartial: a message/partial (RFC 2046 section 5.2.2) of which other parts
	// are not here. Outlook Express puts them together.
	AnomalyPartial = "message-partial"
	// AnomalyExternal: a message/external-body (RFC 2046 section 5.2.3), whose content
	// is elsewhere.
	AnomalyExternal = "message-external-body"
	// AnomalySmuggled: a line with a dot and SMTP's commands for another message (RFC
	// 5321 section 4.1.1.4). Servers that end DATA at a dot between lone LFs or CRs
	// take what follows for one.
	AnomalySmuggled = "smuggled-transaction"
	// AnomalyNames: several different names for one entity; clients choose
	// differently between RFC 2183's filename and RFC 2045's name.
	AnomalyNames = "names-differ"
	// AnomalyRawName: a name with bytes that are not ASCII and not encoded (RFC
	// 2047, RFC 2231); read as UTF-8 if valid, as windows-1252 otherwise.
	AnomalyRawName = "name-raw-8bit"
	// AnomalyOddName: a name with NUL, other controls, or characters that are not
	// seen or turn the direction of text (RFC 2183 section 2.3); read without them and
	// cut at them as well.
	AnomalyOddName = "name-with-controls"
	// AnomalyOddNameEncoding: a name in an encoding that has no place there: RFC
	// 2231's in a plain parameter, percent signs, broken encoded-words.
	AnomalyOddNameEncoding = "name-encoded-oddly"
)

// note adds an anomaly once. What is odd about a body that was decoded on a guess
// says nothing: mostly the guess was wrong.
func (e *Entity) note(name string) {
	if !e.guessed && !slices.Contains(e.Anomalies, name) {
		e.Anomalies = append(e.Anomalies, name)
	}
}

// fault keeps the first fault.
func (e *Entity) fault(err error) {
	if e.Fault == nil {
		e.Fault = err
	}
}
