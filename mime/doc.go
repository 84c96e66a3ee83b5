// Package mime splits one message into its entities (RFC 2045 section 2.4), in
// every reading that a real mail client may take of it, and decodes their
// bodies.
//
// It is a push parser: a message arrives in pieces of any size (SMTP DATA, a
// milter's body chunks, a file), each piece is written to a [Walker], and the
// Walker calls a [Handler] as entities begin and end, handing it the decoded
// bytes of each as they come. Nothing is kept but the header that is being read
// and the line that may yet be a delimiter, so memory does not grow with the
// message, and no goroutine or pipe stands between the network and the Handler.
// Push is also what lets one pass serve several readings of the same bytes:
// where clients disagree on what a message means, the raw bytes are fed to every
// reading at once, and each is an Entity of its own with its label in
// [Entity.Reading].
//
// The package opens one message. A body that is itself a message
// (message/rfc822, an .eml file) is a leaf here: its decoded bytes go to the
// Handler, and the caller walks them with another Walker. So depth is counted in
// one place, and input cannot drive recursion.
package mime
