package filetype

import "strings"

// honest lists, for each extension, the true types that such a file may have without any intent to deceive. It knows
// what programs really write: workbooks that are web pages, documents that are RTF, old formats under new names.
var honest = table(map[string]string{
	"exe scr cpl ocx sys drv efi": "pe dos", "dll": "pe dos", "com": "pe dos data", "msi msp mst": "msi",
	"so o elf": "elf", "dylib": "macho", "dex": "dex", "class": "class", "lnk": "lnk",
	"jar war ear": "jar zip", "apk": "apk jar zip", "xpi": "jar zip",
	"zip": "zip jar apk docx docm dotm xlsx xlsm xlsb pptx pptm odt ods odp epub", "gz tgz": "gzip", "bz2 tbz tbz2": "bzip2",
	"xz txz": "xz", "lzma": "lzma", "zst": "zstd", "lz4": "lz4", "lz": "lzip", "lzo": "lzop", "z": "compress",
	"7z": "7z", "rar": "rar", "cab": "cab", "arj": "arj", "lzh lha": "lzh", "ace": "ace", "tar": "tar gzip bzip2 xz",
	"cpio": "cpio", "a ar": "ar deb", "deb": "deb", "rpm": "rpm", "iso": "iso udf", "img ima": "iso udf fat disk ext apfs cramfs squashfs data", "raw dd": "disk fat ext apfs data", "udf": "udf iso",
	"vhd": "vhd vhdx data", "vhdx": "vhdx vhd", "dmg": "dmg bzip2 data iso disk apfs", "wim": "wim", "pkg xar mpkg": "xar", "sfs squashfs": "squashfs",
	"vdi": "vdi", "vmdk": "vmdk data", "qcow qcow2 qcow2c": "qcow", "hds": "parallels", "simg": "sparse", "cso ciso zso": "ciso", "ext ext2 ext3 ext4": "ext", "apfs": "apfs",
	"zz zlib": "zlib", "mso": "activemime", "plist webarchive": "bplist xml", "emlx": "emlx eml", "emlxpart": "text data", "hwp hwt": "ole",
	"doc dot": "doc docx docm dotm rtf html text xml ole eml odt", "docx dotx": "docx ole doc rtf odt zip", "docm": "docm docx ole zip",
	"dotm": "dotm docm docx ole zip", "xls xlt": "xls xlsx xlsm xlsb html xml text ole eml ods", "xlsx xltx": "xlsx xls ole html text ods zip",
	"xlsm xltm": "xlsm xlsx ole zip", "xlsb": "xlsb xlsx ole zip", "ppt pps pot": "ppt pptx pptm ole odp", "pptx ppsx potx": "pptx ppt ole odp zip",
	"pptm ppsm potm": "pptm pptx ole zip", "odt ott": "odt zip xml", "ods ots": "ods zip xml", "odp otp": "odp zip xml", "epub": "epub zip",
	"msg": "msg ole eml", "pub vsd mpp": "ole", "chm": "chm", "sis sisx": "sis", "one": "one", "pdf": "pdf ps", "rtf": "rtf text", "ps eps": "ps",
	"htm html xhtml": "html xml text eml", "mht mhtml": "eml", "hta": "hta html", "svg": "svg xml html", "xml xsd xsl xslt": "xml html svg text wsf",
	"js jse mjs": "js text json", "vbs vbe bas": "vbs text", "ps1 psm1 psd1": "ps1 text", "bat cmd": "bat text", "wsf wsc sct": "wsf xml text",
	"sh": "sh text", "py": "python text", "pl pm": "perl text", "php": "php html text", "json": "json text", "csv tsv": "text html",
	"txt text log": "text html json xml eml mbox pem pgp ics vcard js vbs ps1 bat sh python perl php uu binhex", "md": "text html",
	"ics": "ics text", "vcf": "vcard text", "pem crt cer key": "pem data text", "p7s": "p7s p7m pem", "p7m p7c p7b": "p7m p7s pem eml", "asc sig pgp gpg": "pgp text data",
	"eml": "eml mbox text", "mbox": "mbox eml", "jpg jpeg jpe jfif": "jpeg png gif webp heif", "png": "png jpeg gif webp", "gif": "gif jpeg png webp",
	"bmp": "bmp png jpeg", "webp": "webp jpeg png", "tif tiff": "tiff jpeg", "ico": "ico png bmp", "psd": "psd", "heic heif avif": "heif jpeg", "jp2": "jp2",
	"mp3": "mp3 data", "mp4 m4v m4a mov 3gp": "mp4 data", "wav": "wav mp3", "avi": "avi", "ogg oga ogv opus": "ogg", "flac": "flac", "mkv webm": "mkv",
	"wmv wma asf": "asf", "flv": "flv", "mid midi": "midi", "swf": "swf", "woff": "woff", "woff2": "woff2", "ttf ttc": "ttf otf", "otf": "otf ttf",
	"sqlite db": "sqlite ole data", "dat": "tnef data text",
})

// table spreads the words of the keys and cuts those of the values.
func table(in map[string]string) map[string][]string {
	out := make(map[string][]string, 2*len(in))
	for exts, names := range in {
		for ext := range strings.FieldsSeq(exts) {
			out[ext] = strings.Fields(names)
		}
	}
	return out
}

// ByExtension returns the names of the true types that a file of that extension (lower case, no dot) may honestly
// have, the most usual first; nil for an extension that is not known. The caller owns the slice.
func ByExtension(ext string) (names []string) {
	return append([]string(nil), honest[ext]...)
}

// promise is what a file's name leads its receiver to expect of it.
type promise uint8

const (
	nothing promise = iota
	plain           // text, which an editor shows: a script's source is honest there
	passive         // a picture, a document, a font: shown by a program that runs nothing
	packed          // an archive
)

var promises = promiseTable(map[promise]string{
	plain: "txt text log csv tsv md ics vcf json",
	passive: "jpg jpeg jpe jfif png gif bmp webp tif tiff psd heic heif avif mp3 mp4 m4a m4v mov 3gp wav avi ogg flac mkv webm wmv wma " +
		"pdf doc dot docx dotx docm dotm xls xlt xlsx xltx xlsm xlsb ppt pps pptx ppsx pptm odt ods odp epub rtf woff woff2 ttf otf",
	packed: "zip gz tgz bz2 xz 7z rar cab arj lzh tar iso img vhd vhdx vdi vmdk qcow2",
})

func promiseTable(in map[promise]string) map[string]promise {
	out := make(map[string]promise)
	for p, exts := range in {
		for ext := range strings.FieldsSeq(exts) {
			out[ext] = p
		}
	}
	return out
}

// Contradicts reports whether a file of that extension (lower case, no dot) promises something harmless while its
// type is a program, a shortcut or a script. It is silent on every mix that honest senders produce: pictures and
// archives of another format, a web page as a workbook, a script's source as a text, unknown extensions.
func Contradicts(ext string, t Type) bool {
	p := promises[ext]
	if p == nothing {
		return false
	}
	switch t.Name {
	case "pe", "elf", "macho", "dex", "class", "lnk", "msi", "dos", "chm":
		return true
	case "jar", "apk":
		return p != packed // both are zips
	case "hta":
		return true
	case "js", "vbs", "ps1", "bat", "wsf", "sh", "python", "perl", "php":
		return p != plain
	}
	return false
}
