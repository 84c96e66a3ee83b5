package scanner

import "github.com/fivefifty/fivefifty/archive"

// formatOf returns the container format of a true type, "" if it is none. A type
// that is a format of its own bears the format's name.
func formatOf(typ string) archive.Format {
	if f, ok := formatOfType[typ]; ok {
		return f
	}
	if f := archive.Format(typ); archive.Known(f) || containers[typ] {
		return f
	}
	return ""
}

// formatOfType are the true types that are another format's content.
var formatOfType = map[string]archive.Format{
	"docx": "zip", "docm": "zip", "dotx": "zip", "dotm": "zip", "xlsx": "zip", "xlsm": "zip", "xlsb": "zip",
	"pptx": "zip", "pptm": "zip", "odt": "zip", "ods": "zip", "odp": "zip", "odg": "zip", "epub": "zip",
	"jar": "zip", "apk": "zip",
	"svg": "html", "xml": "html", "hta": "html", "ics": "html",
	"deb": "ar",
	"doc": "ole", "xls": "ole", "ppt": "ole", "msi": "ole", "msg": "ole",
}

// containers are true types that hold other files, whether or not archive opens
// them yet. Documents are not among them: those are shown to the engines as they
// are, so not to open one is not the same as not to look at it.
var containers = set("7z", "rar", "cab", "arj", "lzh", "ace", "xz", "lzma", "zstd", "lz4", "lzip", "lzop",
	"compress", "cpio", "ar", "deb", "rpm", "iso", "udf", "vhd", "vhdx", "dmg", "wim",
	"chm", "one", "tnef", "szdd", "msg", "p7m", "alz", "egg", "arc", "zoo",
	"stuffit", "stuffitx", "diskdoubler", "compactpro", "amigalzx", "lrzip", "rzip", "zpaq", "freearc", "pea", "uharc", "kgb",
	"paq", "pmd", "dms", "powerpacker", "packit", "uefi", "super", "applearchive", "lzfse", "snappy", "pack200",
	"nrg", "daa", "isz", "jffs2", "ubi", "xfs", "btrfs", "f2fs", "pst", "mdb", "warc",
	"bkf", "dar", "innosetup", "hxs", "asar")

// flagClosed records what the item holds that is not opened: containers of
// formats that are not implemented, and encrypted envelopes.
func (it *item) flagClosed() {
	typ := it.obj.Type
	switch {
	case typ == "p7m" && it.contains(oidEnveloped):
		it.addUnchecked(Unchecked{Reason: ReasonEncrypted, Detail: "S/MIME enveloped data"})
	case containers[typ] && !archive.Known(formatOf(typ)):
		it.addUnchecked(Unchecked{Reason: ReasonUnsupported, Detail: typ + " is not opened"})
	}
	if it.obj.Declared == "multipart/encrypted" || typ == "pgp" && it.pgpMessage() {
		it.addUnchecked(Unchecked{Reason: ReasonEncrypted, Detail: "OpenPGP message"})
	}
}
