// Package filetype tells the true type of an object from its content, whatever its name and its sender say.
//
// A switch on the first byte leads to the few formats that can be meant; then come the types that other places tell:
// the descriptors of a disc image, the central directory of a zip, the names in a compound file, the footer of a
// virtual disk; and last, text is read for what it says. The order is fixed, so that equal content has one type.
// Where several readings are possible, the one that runs goes before the one that is shown: a program with a zip behind
// it is "pe", an archive with a Java manifest is "jar" even if it also has the parts of a document.
//
// # Limits
//
// Detection looks at the first 8 KiB, at the last 64 KiB, at 64 KiB of a zip's central directory, at 256 KiB of an
// Office file's list of content types, at 32 sectors of a compound file's directory, and at six sectors of a disc. It calls
// ReadAt of the source at most 96 times and allocates nothing by a length that the object gives.
//
// # Security
//
// Promised: no panic, bounded time and memory for every input, the same answer for the same bytes. Not promised: that
// a script is recognised. A script language has no magic, its detection is a guess from words and their places, and a
// guess in favour of prose: "text" never means harmless. A type decides how an object is opened and which policies
// concern it; it must not decide whether it is examined. Nor is one type all that an object is: a picture with an archive
// behind it is a picture here.
//
// Functions are safe for concurrent use.
package filetype
