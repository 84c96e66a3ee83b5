package magic

import "bytes"

// All are the first bytes of what is worth hiding: programs, containers,
// documents.
var All = [...]string{
	"MZ", "PK\x03\x04", "PK\x05\x06", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "\x1f\x8b\x08", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd",
	"%PDF", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "{\\rt", "\x7fELF", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe",
	"MSCF", "L\x00\x00\x00\x01\x14\x02\x00", "ITSF\x03", "ISc(", "!<arch>", "\x60\xea", "dex\n", "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d",
	"xar!", "\x21\x42\x44\x4e", "vhdxfile", "conectix", "MSWIM", "hsqs", "ActiveMime",
}

// Known reports whether b begins like one of them.
func Known(b []byte) bool {
	for _, m := range All {
		if len(b) >= len(m) && string(b[:len(m)]) == m {
			return true
		}
	}
	return len(b) > 262 && bytes.Equal(b[257:262], []byte("ustar"))
}
