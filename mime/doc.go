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
//
// # Readings
//
// docs/readings.md lists every tolerance: what it is, the section of the RFC that is
// broken or silent, who reads mail so, the anomaly or the label of the reading, and
// the vector that shows it. A test demands that the table is complete. Where clients
// differ only on how far a body goes, the shorter body exists for a [Forker] only.
//
// # Limits
//
// The Walker holds one header, one line per stream, and what [Limits] bound. A byte
// is handed to at most Limits.Readings readings of one structure, once more to each
// search for what text hides, and to no more than 3 texts within texts; so the cost
// is linear in the message. What a limit keeps out is a fault of its entity.
//
// # Security
//
// Promised: whatever a reader listed in docs/readings.md decodes is an entity here, or
// a fault says what was not read; no input makes the Walker panic, allocate from a
// number in the message, or recurse deeper than Limits.Depth. Not promised: readings
// that no table lists, and what stands behind a reading that decodes twice.
package mime
