package archive

import "github.com/fivefifty/fivefifty/archive/internal/level"

// Format names a container format by the short name of its true type: "zip",
// "gzip", "rar", …
type Format string

// The formats that Open knows.
const (
	Zip   Format = "zip"
	Gzip  Format = "gzip"
	Bzip2 Format = "bzip2"
	Tar   Format = "tar"

	ISO      Format = "iso"  // ISO 9660 with its extensions
	UDF      Format = "udf"  // Universal Disk Format
	FAT      Format = "fat"  // a FAT volume
	Disk     Format = "disk" // a disk with partitions, or a volume that is not read
	VHD      Format = "vhd"  // Virtual Hard Disk
	VHDX     Format = "vhdx" // Virtual Hard Disk, version 2
	VDI      Format = "vdi"  // VirtualBox
	VMDK     Format = "vmdk" // VMware
	QCOW     Format = "qcow" // QEMU, all versions
	HDD      Format = "parallels"
	Sparse   Format = "sparse"  // Android
	CISO     Format = "ciso"    // compressed discs of consoles
	Ext      Format = "ext"     // Linux' ext2, ext3 and ext4
	APFS     Format = "apfs"    // Apple's containers of volumes
	Cramfs   Format = "cramfs"  // Linux' compressed ROM file system
	WIM      Format = "wim"     // Windows Imaging
	DMG      Format = "dmg"     // Apple disk image
	Overlay  Format = "overlay" // what follows the end of, or is a resource in, a file of another kind
	OLE      Format = "ole"
	TNEF     Format = "tnef"
	Mso      Format = "activemime" // Office's wrapping of macros
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
	Zlib     Format = "zlib"     // a bare zlib stream
	Snappy   Format = "snappy"   // in the framing format, S2's too
	LZFSE    Format = "lzfse"
	Cpio     Format = "cpio"
	Ar       Format = "ar" // also Debian packages
	Rpm      Format = "rpm"
	PDF      Format = "pdf"
	HTML     Format = "html"     // what web pages, calendars and scripts hold as data: URIs, base64, attachments
	Base64   Format = "base64"   // what other texts hold in base64
	IHex     Format = "ihex"     // Intel's hexadecimal format
	UTF16    Format = "utf16"    // text in UTF-16 or UTF-32, which is given in UTF-8
	Squash   Format = "squashfs" // SquashFS
	XAR      Format = "xar"      // Apple's installer packages
	Rar      Format = "rar"
	SevenZip Format = "7z"
	Cab      Format = "cab"
	Arj      Format = "arj"
	Lzh      Format = "lzh"
	Ace      Format = "ace"
	ALZ      Format = "alz" // ESTsoft ALZip
	ARC      Format = "arc" // ARC, PKPAK, Spark
	ZOO      Format = "zoo"
	StuffIt  Format = "stuffit"
	EGG      Format = "egg" // ESTsoft ALZip
	Szdd     Format = "szdd"
	Chm      Format = "chm"
	SIS      Format = "sis" // packages of Symbian
	SWF      Format = "swf" // compressed Flash
	WARC     Format = "warc"
	Plist    Format = "bplist" // Apple's binary property lists, web archives among them
	Emlx     Format = "emlx"   // a message as Apple Mail keeps it

	NSIS          Format = "nsis"          // Nullsoft's installers
	Inno          Format = "innosetup"     // installers of Inno Setup, and slices of them
	AutoIt        Format = "autoit"        // compiled scripts of AutoIt 3, and programs of them
	InstallShield Format = "installshield" // files behind the program of a setup
)

// What a container holds, and what bounds its reading.
type (
	// Member is one member of a container.
	Member = level.Member

	// Reader iterates over one container's members.
	Reader = level.Reader

	// Limits bound what a Reader itself holds. The zero value of a field is its
	// default; a negative number is an error.
	Limits = level.Limits

	// Keys are passwords to try on encrypted containers, and what trying may cost.
	Keys = level.Keys
)

// Classes of errors, for errors.Is.
var (
	ErrFormat      = level.ErrFormat      // the bytes are not of the format at all
	ErrMalformed   = level.ErrMalformed   // a broken instance of the format
	ErrEncrypted   = level.ErrEncrypted   // needs a password
	ErrUnsupported = level.ErrUnsupported // a method or variant that is not implemented
	ErrLimit       = level.ErrLimit       // one of Limits
)
