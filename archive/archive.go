package archive

import (
	"errors"
	"io"
)

// Format names a container format by the short name of its true type.
// Format names a container format: "zip", "gzip", "rar", …
type Format string

// The formats that Open knows.
const (
	Zip   Format = "zip"
	Gzip  Format = "gzip"
	Bzip2 Format = "bzip2"
	Tar   Format = "tar"

	ISO      Format = "iso"     // ISO 9660 with its extensions
	UDF      Format = "udf"     // Universal Disk Format
	FAT      Format = "fat"     // a FAT volume
	Disk     Format = "disk"    // a disk with partitions, or a volume that is not read
	VHD      Format = "vhd"     // Virtual Hard Disk
	VHDX     Format = "vhdx"    // Virtual Hard Disk, version 2
	WIM      Format = "wim"     // Windows Imaging
	DMG      Format = "dmg"     // Apple disk image
	Overlay  Format = "overlay" // what follows the end of, or is a resource in, a file of another kind
	OLE      Format = "ole"
	TNEF     Format = "tnef"
	RTF      Format = "rtf"
	P7M      Format = "p7m"
	One      Format = "one"
	Apple    Format = "applefile"
	Xz       Format = "xz"
	Lzma     Format = "lzma" // a .lzma file alone
	Lzip     Format = "lzip"
	Zstd     Format = "zstd"
	Lz4      Format = "lz4" // frames, legacy ones too
	Lzop     Format = "lzop"
	Compress Format = "compress" // .Z
	Cpio     Format = "cpio"
	Ar       Format = "ar" // also Debian packages
	Rpm      Format = "rpm"
	PDF      Format = "pdf"
	HTML     Format = "html"     // what web pages, SVG, XML and calendars hold as data: URIs, base64 and attachments
	Squash   Format = "squashfs" // SquashFS
	XAR      Format = "xar"      // Apple's installer packages
	Rar      Format = "rar"
	SevenZip Format = "7z"
	Cab      Format = "cab"
	Arj      Format = "arj"
	Lzh      Format = "lzh"
	Szdd     Format = "szdd"
	Chm      Format = "chm"

	NSIS          Format = "nsis"          // Nullsoft's installers
	InstallShield Format = "installshield" // files behind the program of a setup
)

// Limits bound what a Reader itself holds. The zero value of a field is its
// default; a negative number is an error.
type Limits struct {
	Members    int   // members of one container; default 10,000
	NameBytes  int   // bytes of one member's name; default 64 KiB
	Dictionary int64 // bytes of dictionary or window that a decoder may allocate; default 64 MiB

	// Keys are tried on what is encrypted; nil tries none. The same Keys may
	// serve one container after another, which then share its budget.
	Keys *Keys
}

// withDefaults returns l with its zero fields set, or an error for a negative one.
func (l Limits) withDefaults() (Limits, error) {
	if l.Members < 0 || l.NameBytes < 0 || l.Dictionary < 0 {
		return l, errors.New("negative limit")
	}
	if l.Members == 0 {
		l.Members = 10_000
	}
	if l.NameBytes == 0 {
		l.NameBytes = 64 << 10
	}
	if l.Dictionary == 0 {
		l.Dictionary = 64 << 20
	}
	return l, nil
}

// Classes of errors, for errors.Is.
var (
	ErrFormat      = errors.New("not this format") // the bytes are not of the format at all
	ErrMalformed   = errors.New("malformed")       // a broken instance of the format
	ErrEncrypted   = errors.New("encrypted")       // needs a password
	ErrUnsupported = errors.New("unsupported")     // a method or variant that is not implemented
	ErrLimit       = errors.New("limit exceeded")  // one of Limits
)

// Member is one member of a container.
type Member struct {
	// Names are all names that the container gives the member, UTF-8, the
	// likeliest first, with "/" between folders as most unpackers see them. They
	// come from the attacker: never join them to a path. Empty for formats
	// without names.
	Names []string

	// MediaType is the one that the container declares, "" if it declares none.
	// Only for a MIME entity in a signature: "message/rfc822".
	MediaType string

	Size      int64  // declared size in bytes, -1 if none; never to be trusted
	Method    string // compression method, lower case: "stored", "deflate", …
	Packed    int64  // its declared size within the container in bytes, 0 if that is not known
	CRC32     uint32 // of the body, as declared; 0 if that is not known
	Encrypted bool   // the container says that it needs a password
	Password  string // the one of Limits.Keys that opened the body; "" if none was needed or none fits
	Dir       bool   // the container says that it is a folder (it may carry data all the same)
	Reading   string // where the container describes it, if readers differ: "local", "central", "pax", "expanded", "appended", …
	Err       error  // why the body cannot be read at all; the Reader then yields no bytes for it

	// Anomalies are stable names, the Anomaly constants. Those that only the
	// bytes can show (crc-mismatch, size-mismatch) are there once the body has
	// been read to its end.
	Anomalies []string
}

// note adds an anomaly once.
func (m *Member) note(name string) { m.Anomalies = noteOnce(m.Anomalies, name) }

func noteOnce(list []string, name string) []string {
	for _, have := range list {
		if have == name {
			return list
		}
	}
	return append(list, name)
}

// walker goes through one container of one format.
type walker interface {
	// next returns the next member and its body; a nil body for a member with
	// Err. The body of the member before is dead from then on.
	next() (*Member, io.Reader, error)
	anomalies() []string
	close()
}
