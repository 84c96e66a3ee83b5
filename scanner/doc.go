// Package scanner finds malicious attachments in a message while it arrives,
// and says what to answer to the client that sends it.
//
// A [Scanner] is made once, of engines, a policy and limits, and used for every
// message. Scan reads a message from a reader; a [Writer] takes it in pieces.
// Either way each file in the message (a part's body, a member of an archive, a
// file inside a text, however nested) becomes an [Object]: decoded, digested,
// its true type told, and shown to every [Engine] as soon as it is complete,
// while the rest is still arriving. The [Report] lists the objects with all that
// was found and all that could not be examined, a [Verdict], and the SMTP
// [Reply] that the policy asks for.
//
//	s, err := scanner.New(scanner.Config{Engines: engines})
//	…
//	report, err := s.Scan(ctx, r)
//	if report.Disposition != scanner.Accept {
//		return report.Reply // 550 5.7.1 E-mail message contained a virus.
//	}
//
// The promise: whatever a real mail client or unpacker could get out of the
// message has been examined, or the report says what was not and why. Failure is
// data: an encrypted file, a limit, damage, a format that is not implemented, an
// engine that failed are each an [Unchecked] of the object, and the verdict is
// then never [VerdictClean]. An error from Scan says only that the message did
// not come to its end.
//
// # Limits
//
// [Limits] bound bytes, objects, nesting, ratio, time, the work of decoders and memory
// for each message; [DefaultLimits] are in force unless others are set, and none can be
// switched off. Object bytes live in pooled memory up to Limits.MemoryBytes and
// then in a temporary file that has no name and is mapped while engines look.
// What also takes memory: the report itself (bounded by Limits.Objects), one
// MIME header, one decoder's window, and whatever the engines hold.
//
// What is opened: MIME in every reading that a client is known to take, and what
// stands in texts (package mime); archives, disk images, office documents, PDF,
// Outlook's formats, signed S/MIME and more (package archive says which). Formats
// that are known but not opened are [ReasonUnsupported]. Passwords that the message
// names, and those of Config.Passwords, are tried on what is encrypted, at the
// message's end. Documents are shown to the engines as they are as well.
//
// Equal bytes are opened once, and shown to the engines once for each set of names
// that they bear: see Object.SameAs. What engines found can be kept from one message
// to the next: see [Cache].
//
// # Security
//
// Input is hostile. Nothing in it drives recursion or an allocation by a length
// that it claims; a panic in a decoder or an engine costs that object
// ([ReasonEngine]) and the scan goes on. Names in a report come from the mail:
// never join them to a path, and escape them before they are shown. A Reply is
// printable ASCII on one line whatever the mail holds.
//
// # Concurrency
//
// A Scanner is immutable and safe for concurrent use; to change rules, make
// another. A Writer belongs to one goroutine. The package starts no goroutines.
package scanner
