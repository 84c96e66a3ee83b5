package filetype

// kind indexes the table of types: the matchers pass a byte around instead of two strings.
type kind uint8

const (
	none kind = iota // no matcher has recognised it yet; never leaves the package
	kEmpty
	kData
	kText

	kPE
	kDOS
	kELF
	kMachO
	kDex
	kClass
	kLnk
	kMSI
	kJar
	kAPK
	kWasm

	kZip
	kGzip
	kBzip2
	kXz
	kLzma
	kZstd
	kLz4
	kLzip
	kLzop
	kCompress
	kZlib
	k7z
	kRar
	kCab
	kArj
	kLzh
	kAce
	kAlz
	kEgg
	kArc
	kZoo
	kTar
	kCpio
	kAr
	kDeb
	kRpm
	kISO
	kUDF
	kFAT
	kDisk
	kVHD
	kVHDX
	kDMG
	kWim
	kSquash
	kXAR
	kTNEF
	kActiveMime
	kSZDD
	kSIS
	kUU
	kBinHex
	kAppleFile
	kBPlist

	kStuffIt
	kStuffItX
	kDiskDoubler
	kCompactPro
	kAmigaLZX
	kLrzip
	kRzip
	kZpaq
	kFreeArc
	kPea
	kUharc
	kKGB
	kPaq
	kAppleArchive
	kPMD
	kDMS
	kPowerPacker
	kPackIt
	kUEFI
	kSuper
	kLZFSE
	kSnappy
	kPack200
	kVMDK
	kVDI
	kQCOW
	kParallels
	kSparse
	kCISO
	kNRG
	kDAA
	kISZ
	kCramfs
	kJFFS2
	kUBI
	kXFS
	kExt
	kAPFS
	kBtrfs
	kF2FS
	kPST
	kMDB
	kWARC
	kBKF
	kDAR
	kInno
	kAutoIt
	kHxS
	kAsar

	kDocx
	kDocm
	kDotm
	kXlsx
	kXlsm
	kXlsb
	kPptx
	kPptm
	kOdt
	kOds
	kOdp
	kEpub
	kDoc
	kXls
	kPpt
	kMsg
	kOLE
	kChm
	kOne
	kPDF
	kRTF
	kPostScript

	kHTML
	kHTA
	kSVG
	kXML
	kJS
	kVBS
	kPS1
	kBat
	kWSF
	kSh
	kPython
	kPerl
	kPHP
	kJSON
	kICS
	kVCard
	kPEM
	kP7S
	kP7M
	kPGP
	kEML
	kMbox
	kEMLX

	kJPEG
	kPNG
	kGIF
	kBMP
	kWebP
	kTIFF
	kIco
	kPSD
	kHEIF
	kJP2
	kMP3
	kMP4
	kWAV
	kAVI
	kOgg
	kFLAC
	kMKV
	kASF
	kFLV
	kMIDI
	kSWF
	kWOFF
	kWOFF2
	kTTF
	kOTF
	kSQLite

	kindCount
)

const ooxml = "application/vnd.openxmlformats-officedocument."

var types = [kindCount]Type{
	kEmpty: {"empty", "application/x-empty", Data},
	kData:  {"data", "application/octet-stream", Data},
	kText:  {"text", "text/plain", Text},

	kPE:    {"pe", "application/vnd.microsoft.portable-executable", Executable},
	kDOS:   {"dos", "application/x-dosexec", Executable},
	kELF:   {"elf", "application/x-executable", Executable},
	kMachO: {"macho", "application/x-mach-binary", Executable},
	kDex:   {"dex", "application/vnd.android.dex", Executable},
	kClass: {"class", "application/java-vm", Executable},
	kLnk:   {"lnk", "application/x-ms-shortcut", Executable},
	kMSI:   {"msi", "application/x-msi", Executable},
	kJar:   {"jar", "application/java-archive", Executable},
	kAPK:   {"apk", "application/vnd.android.package-archive", Executable},
	kWasm:  {"wasm", "application/wasm", Executable},

	kZip:        {"zip", "application/zip", Archive},
	kGzip:       {"gzip", "application/gzip", Archive},
	kBzip2:      {"bzip2", "application/x-bzip2", Archive},
	kXz:         {"xz", "application/x-xz", Archive},
	kLzma:       {"lzma", "application/x-lzma", Archive},
	kZstd:       {"zstd", "application/zstd", Archive},
	kLz4:        {"lz4", "application/x-lz4", Archive},
	kLzip:       {"lzip", "application/x-lzip", Archive},
	kLzop:       {"lzop", "application/x-lzop", Archive},
	kCompress:   {"compress", "application/x-compress", Archive},
	kZlib:       {"zlib", "application/zlib", Archive},
	k7z:         {"7z", "application/x-7z-compressed", Archive},
	kRar:        {"rar", "application/vnd.rar", Archive},
	kCab:        {"cab", "application/vnd.ms-cab-compressed", Archive},
	kArj:        {"arj", "application/x-arj", Archive},
	kLzh:        {"lzh", "application/x-lzh-compressed", Archive},
	kAce:        {"ace", "application/x-ace-compressed", Archive},
	kAlz:        {"alz", "application/x-alz-compressed", Archive},
	kEgg:        {"egg", "application/x-egg", Archive},
	kArc:        {"arc", "application/x-arc", Archive},
	kZoo:        {"zoo", "application/x-zoo", Archive},
	kTar:        {"tar", "application/x-tar", Archive},
	kCpio:       {"cpio", "application/x-cpio", Archive},
	kAr:         {"ar", "application/x-archive", Archive},
	kDeb:        {"deb", "application/vnd.debian.binary-package", Archive},
	kRpm:        {"rpm", "application/x-rpm", Archive},
	kISO:        {"iso", "application/x-iso9660-image", Archive},
	kUDF:        {"udf", "application/x-udf-image", Archive},
	kFAT:        {"fat", "application/x-fat-image", Archive},
	kDisk:       {"disk", "application/x-raw-disk-image", Archive},
	kVHD:        {"vhd", "application/x-vhd", Archive},
	kVHDX:       {"vhdx", "application/x-vhdx", Archive},
	kDMG:        {"dmg", "application/x-apple-diskimage", Archive},
	kWim:        {"wim", "application/x-ms-wim", Archive},
	kSquash:     {"squashfs", "application/x-squashfs-image", Archive},
	kXAR:        {"xar", "application/x-xar", Archive},
	kTNEF:       {"tnef", "application/vnd.ms-tnef", Archive},
	kActiveMime: {"activemime", "application/x-mso", Document},
	kSZDD:       {"szdd", "application/x-ms-compress-szdd", Archive},
	kSIS:        {"sis", "application/vnd.symbian.install", Archive},
	kUU:         {"uu", "text/x-uuencode", Archive},
	kBinHex:     {"binhex", "application/mac-binhex40", Archive},

	kAppleFile: {"applefile", "application/applefile", Archive},
	kBPlist:    {"bplist", "application/x-bplist", Data},

	kStuffIt:      {"stuffit", "application/x-stuffit", Archive},
	kStuffItX:     {"stuffitx", "application/x-stuffitx", Archive},
	kDiskDoubler:  {"diskdoubler", "application/x-diskdoubler", Archive},
	kCompactPro:   {"compactpro", "application/x-compactpro", Archive},
	kAmigaLZX:     {"amigalzx", "application/x-amiga-lzx", Archive},
	kLrzip:        {"lrzip", "application/x-lrzip", Archive},
	kRzip:         {"rzip", "application/x-rzip", Archive},
	kZpaq:         {"zpaq", "application/x-zpaq", Archive},
	kFreeArc:      {"freearc", "application/x-freearc", Archive},
	kPea:          {"pea", "application/x-pea", Archive},
	kUharc:        {"uharc", "application/x-uharc", Archive},
	kKGB:          {"kgb", "application/x-kgb", Archive},
	kPaq:          {"paq", "application/x-paq", Archive},
	kAppleArchive: {"applearchive", "application/x-apple-archive", Archive},
	kPMD:          {"pmd", "application/x-ppmd", Archive},
	kDMS:          {"dms", "application/x-amiga-dms", Archive},
	kPowerPacker:  {"powerpacker", "application/x-powerpacker", Archive},
	kPackIt:       {"packit", "application/x-packit", Archive},
	kUEFI:         {"uefi", "application/x-uefi-capsule", Archive},
	kSuper:        {"super", "application/x-android-super-image", Archive},
	kLZFSE:        {"lzfse", "application/x-lzfse", Archive},
	kSnappy:       {"snappy", "application/x-snappy-framed", Archive},
	kPack200:      {"pack200", "application/x-java-pack200", Archive},
	kVMDK:         {"vmdk", "application/x-vmdk", Archive},
	kVDI:          {"vdi", "application/x-virtualbox-vdi", Archive},
	kQCOW:         {"qcow", "application/x-qemu-disk", Archive},
	kParallels:    {"parallels", "application/x-parallels-disk", Archive},
	kSparse:       {"sparse", "application/x-android-sparse-image", Archive},
	kCISO:         {"ciso", "application/x-compressed-iso", Archive},
	kNRG:          {"nrg", "application/x-nrg", Archive},
	kDAA:          {"daa", "application/x-daa", Archive},
	kISZ:          {"isz", "application/x-isz", Archive},
	kCramfs:       {"cramfs", "application/x-cramfs-image", Archive},
	kJFFS2:        {"jffs2", "application/x-jffs2-image", Archive},
	kUBI:          {"ubi", "application/x-ubi-image", Archive},
	kXFS:          {"xfs", "application/x-xfs-image", Archive},
	kExt:          {"ext", "application/x-ext-image", Archive},
	kAPFS:         {"apfs", "application/x-apfs-image", Archive},
	kBtrfs:        {"btrfs", "application/x-btrfs-image", Archive},
	kF2FS:         {"f2fs", "application/x-f2fs-image", Archive},
	kPST:          {"pst", "application/vnd.ms-outlook-pst", Archive},
	kMDB:          {"mdb", "application/x-msaccess", Archive},
	kWARC:         {"warc", "application/warc", Archive},
	kBKF:          {"bkf", "application/x-ntbackup", Archive},
	kDAR:          {"dar", "application/x-dar", Archive},
	kInno:         {"innosetup", "application/x-innosetup", Archive},
	kAutoIt:       {"autoit", "application/x-autoit3-compiled", Executable},
	kHxS:          {"hxs", "application/x-ms-help", Archive},
	kAsar:         {"asar", "application/x-asar", Archive},

	kDocx:       {"docx", ooxml + "wordprocessingml.document", Document},
	kDocm:       {"docm", "application/vnd.ms-word.document.macroenabled.12", Document},
	kDotm:       {"dotm", "application/vnd.ms-word.template.macroenabled.12", Document},
	kXlsx:       {"xlsx", ooxml + "spreadsheetml.sheet", Document},
	kXlsm:       {"xlsm", "application/vnd.ms-excel.sheet.macroenabled.12", Document},
	kXlsb:       {"xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12", Document},
	kPptx:       {"pptx", ooxml + "presentationml.presentation", Document},
	kPptm:       {"pptm", "application/vnd.ms-powerpoint.presentation.macroenabled.12", Document},
	kOdt:        {"odt", "application/vnd.oasis.opendocument.text", Document},
	kOds:        {"ods", "application/vnd.oasis.opendocument.spreadsheet", Document},
	kOdp:        {"odp", "application/vnd.oasis.opendocument.presentation", Document},
	kEpub:       {"epub", "application/epub+zip", Document},
	kDoc:        {"doc", "application/msword", Document},
	kXls:        {"xls", "application/vnd.ms-excel", Document},
	kPpt:        {"ppt", "application/vnd.ms-powerpoint", Document},
	kMsg:        {"msg", "application/vnd.ms-outlook", Message},
	kOLE:        {"ole", "application/x-ole-storage", Document},
	kChm:        {"chm", "application/vnd.ms-htmlhelp", Executable},
	kOne:        {"one", "application/onenote", Document},
	kPDF:        {"pdf", "application/pdf", Document},
	kRTF:        {"rtf", "application/rtf", Document},
	kPostScript: {"ps", "application/postscript", Document},

	kHTML:   {"html", "text/html", Document},
	kHTA:    {"hta", "application/hta", Script},
	kSVG:    {"svg", "image/svg+xml", Image},
	kXML:    {"xml", "application/xml", Text},
	kJS:     {"js", "text/javascript", Script},
	kVBS:    {"vbs", "text/vbscript", Script},
	kPS1:    {"ps1", "text/x-powershell", Script},
	kBat:    {"bat", "text/x-msdos-batch", Script},
	kWSF:    {"wsf", "text/x-windows-script", Script},
	kSh:     {"sh", "text/x-shellscript", Script},
	kPython: {"python", "text/x-script.python", Script},
	kPerl:   {"perl", "text/x-perl", Script},
	kPHP:    {"php", "text/x-php", Script},
	kJSON:   {"json", "application/json", Text},
	kICS:    {"ics", "text/calendar", Text},
	kVCard:  {"vcard", "text/vcard", Text},
	kPEM:    {"pem", "application/x-pem-file", Text},
	kP7S:    {"p7s", "application/pkcs7-signature", Data},
	kP7M:    {"p7m", "application/pkcs7-mime", Message},
	kPGP:    {"pgp", "application/pgp-encrypted", Data},
	kEML:    {"eml", "message/rfc822", Message},
	kMbox:   {"mbox", "application/mbox", Message},
	kEMLX:   {"emlx", "message/x-emlx", Message},

	kJPEG:   {"jpeg", "image/jpeg", Image},
	kPNG:    {"png", "image/png", Image},
	kGIF:    {"gif", "image/gif", Image},
	kBMP:    {"bmp", "image/bmp", Image},
	kWebP:   {"webp", "image/webp", Image},
	kTIFF:   {"tiff", "image/tiff", Image},
	kIco:    {"ico", "image/vnd.microsoft.icon", Image},
	kPSD:    {"psd", "image/vnd.adobe.photoshop", Image},
	kHEIF:   {"heif", "image/heif", Image},
	kJP2:    {"jp2", "image/jp2", Image},
	kMP3:    {"mp3", "audio/mpeg", Media},
	kMP4:    {"mp4", "video/mp4", Media},
	kWAV:    {"wav", "audio/wav", Media},
	kAVI:    {"avi", "video/x-msvideo", Media},
	kOgg:    {"ogg", "application/ogg", Media},
	kFLAC:   {"flac", "audio/flac", Media},
	kMKV:    {"mkv", "video/matroska", Media},
	kASF:    {"asf", "video/x-ms-asf", Media},
	kFLV:    {"flv", "video/x-flv", Media},
	kMIDI:   {"midi", "audio/midi", Media},
	kSWF:    {"swf", "application/x-shockwave-flash", Media},
	kWOFF:   {"woff", "font/woff", Data},
	kWOFF2:  {"woff2", "font/woff2", Data},
	kTTF:    {"ttf", "font/ttf", Data},
	kOTF:    {"otf", "font/otf", Data},
	kSQLite: {"sqlite", "application/vnd.sqlite3", Data},
}

// Lookup returns the type of that short name, and false if there is none.
func Lookup(name string) (Type, bool) {
	for _, t := range types[kEmpty:] {
		if t.Name == name {
			return t, true
		}
	}
	return Type{}, false
}

// All returns every type that Detect can return, in a fixed order. The caller owns the slice.
func All() []Type {
	return append([]Type(nil), types[kEmpty:]...)
}

// IsExecutable reports whether the receiver's system runs content of this type when it is opened: programs,
// installers, shortcuts, scripts. Documents with macros are not among them.
func (t Type) IsExecutable() bool {
	return t.Class == Executable || t.Class == Script
}
