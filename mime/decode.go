package mime

// Tolerances of the codecs
//
// Each row: what is tolerated (where it is specified) | who reads it how | reading,
// anomaly | test that holds it. The first reading, without a label, is the one that
// most clients take; the others exist only where the body shows the ambiguity.
// Thunderbird's and mutt's ways follow from their sources (mimeenc.cpp, mimeunty.cpp;
// handler.c), Python's from binascii.
//
// base64 (RFC 2045 section 6.8); TestBase64Readings, TestBase64Text
//
//	bytes outside the alphabet    | Thunderbird, Apple Mail, mutt skip them     | -, base64-junk
//	                              | Dovecot and strict decoders end there       | base64=strict
//	"-" and "_" (RFC 4648 s5)     | decoders of the web take them for 62 and 63 | base64=url, base64-url-alphabet
//	data after padding            | Thunderbird, Apple Mail, GMime go on        | -, base64-data-after-padding
//	                              | mutt, MIME::Base64 stop                     | base64=stop
//	"=" where no quantum can end  | a new quantum begins                        | -, base64-data-after-padding
//	                              | Thunderbird, GMime: an A that is left out   | base64=pad-is-zero
//	                              | mutt: -1                                    | base64=pad-is-minus-one
//	                              | Python: skipped                             | base64=pad-skipped
//	an end within a quantum       | what there is                               | -, base64-truncated
//	                              | Thunderbird: the characters themselves      | base64=raw-tail
//	                              | mutt: dropped                               | base64=whole-quanta
//	lines of text around the data | decoded like the rest                       | -, base64-text-line
//	                              | UUDeview leaves them out                    | base64=lines
//	blanks, lines of any length   | all clients                                 | -
//
// quoted-printable (RFC 2045 section 6.7); TestQPReadings
//
//	lower case digits             | all clients                                 | -
//	"=" that is no escape         | stands for itself                           | -, quoted-printable-malformed
//	another "=" within two bytes  | Thunderbird, GMime: three bytes stand       | qp=tokens
//	"=="                          | Python: one "="                             | qp=doubled
//	blanks after a soft break's = | a soft break: mutt, Python                  | -
//	                              | Thunderbird, GMime: stand for themselves    | qp=tokens, quoted-printable-malformed
//	blanks before a line end, NUL | Thunderbird keeps them                      | -, quoted-printable-line-end
//	                              | mutt deletes them, and what follows a NUL   | qp=lines
//	"=" and a CR alone, =0D LF    | Thunderbird: a soft break, a CR             | -, quoted-printable-line-end
//	                              | mutt: they stand, one line end              | qp=lines
//	"=" or part of an escape at   | dropped; stands for itself                  | -
//	  the end of the body         | Thunderbird, mutt: the other way round      | qp=end-kept, qp=end-dropped
//
// uuencode (POSIX; no RFC), as encoding and in texts; TestUUReadings, TestCarved
//
//	as encoding, as it stands     | Thunderbird, Outlook, mutt; all others      | cte=x-uuencode; cte=7bit
//	no "begin" or "end" line      | Outlook                                     | -, uuencode-malformed in a text
//	"begin name", as encoding     | Thunderbird, mutt                           | -
//	lines that can't be data      | skipped                                     | -, uuencode-malformed
//	                              | Thunderbird: six bits of any byte           | uu=every-line
//	lines that are too short      | zero bits: blanks were lost                 | -
//	                              | Thunderbird: zero bytes                     | uu=every-line
//	data after a line of no bytes | decoded                                     | -, uuencode-malformed
//	                              | uudecode ends there                         | uu=zero-ends
//	"END" and more, in a text     | data, if it can be                          | -
//	                              | Thunderbird ends there                      | uu=end-prefix
//	several files in one body     | an entity each                              | uu=next
//	xxencode in the same form     | UUDeview; the first line of data tells      | -; uu=xx where it fits both
//	begin-base64 (uuencode -m)    | uudecode                                    | -, armor-malformed without its end
//
// yEnc (yenc.org, draft 1.3); TestYEncBody, TestYEncOdd, TestYEncParts
//
//	as encoding, as it stands     | Thunderbird; all others                     | cte=x-yencode; cte=7bit
//	wrong size, no "=yend"        | decoded                                     | -, yenc-malformed
//	wrong CRC                     | decoded                                     | -, checksum-mismatch
//	parts of a file               | news readers join them                      | -, yenc-part; yenc=part for the first alone
//	several files in one body     | an entity each                              | yenc=next
//
// BinHex 4.0 (RFC 1741 appendix A); TestBinHexForks
//
//	as encoding, as it stands     | Apple Mail, MIME::Tools; all others         | cte=mac-binhex40; cte=7bit
//	no line in front, as encoding | hexbin                                      | -
//	bytes outside the alphabet    | skipped                                     | -, binhex-malformed
//	wrong CRC                     | decoded                                     | -, checksum-mismatch
//	several files in one body     | an entity each                              | binhex=next
//
// In texts also: PEM and OpenPGP's ASCII armor (RFC 7468, RFC 9580 section 6), and
// all of the above behind the marks of quoting (">", "|", blanks); TestArmor,
// TestCarved, TestCarvedAfter.
//
// Not modelled: mutt cuts lines of quoted-printable at 255 bytes and reads on from
// the next part after a NUL; Thunderbird cuts lines of yEnc at 1,000 bytes and at
// NUL; a byte or two at the edge of its buffers.

import "sync"

// chunk is the room for decoded bytes, in bytes: it fits a core's first cache.
const chunk = 16 << 10

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// decoderFor returns the sink that decodes enc into to.
func decoderFor(enc string, e *Entity, to sink) sink {
	switch enc {
	case "base64", "x-gzip64": // the latter's gzip is left to who opens files
		return &base64Decoder{e: e, to: to}
	case "quoted-printable":
		return &qpDecoder{e: e, to: to}
	case "x-uuencode":
		return &uuDecoder{e: e, to: to, from: uuencode}
	case "x-xxencode":
		return &uuDecoder{e: e, to: to, from: xxencode}
	case "x-yencode":
		return &yBody{e: e, to: to}
	case "mac-binhex40":
		return newBinHexBody(walkerOf(to), e, to)
	}
	return to
}

// walkerOf is the Walker behind a sink.
func walkerOf(to sink) *Walker {
	switch to := to.(type) {
	case *leaf:
		return to.w
	case *parse:
		return to.w
	}
	return nil
}
