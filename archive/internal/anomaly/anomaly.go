package anomaly

// Names of anomalies. They are stable: policies and reports refer to them.
const (
	// Of any container.
	Appended  = "appended-data"
	Prepended = "prepended-data"
	Truncated = "truncated"

	// Of a name.
	NameNUL    = "name-nul"
	NameEmpty  = "name-empty"
	NameCut    = "name-cut"
	NamesMany  = "names-many"
	NameDiffer = "name-differ"

	// Of a member's body.
	CRC     = "crc-mismatch"
	Size    = "size-mismatch"
	DirData = "dir-with-data"

	// Of a zip file.
	NoEnd          = "no-end-record"
	ManyEnds       = "many-end-records"
	EndFields      = "end-record-fields"
	CommentLength  = "comment-length"
	Zip64Differ    = "zip64-differ"
	MultiDisk      = "multi-disk"
	Gap            = "gap-data"
	Overlap        = "overlap"
	Unlisted       = "unlisted-local-header"
	OrphanCentral  = "orphan-central-header"
	NoLocal        = "no-local-header"
	MethodDiffer   = "method-differ"
	SizeDiffer     = "size-differ"
	CRCDiffer      = "crc-differ"
	EncryptDiffer  = "encryption-differ"
	FakeEncryption = "fake-encryption"
	StoredSize     = "stored-size-differ"
	HiddenDeflate  = "deflate-said-stored"
	OtherMethod    = "other-method"
	Auth           = "auth-mismatch"
	DuplicateName  = "duplicate-name"
	Descriptor     = "descriptor-on-stored"
	BadDescriptor  = "descriptor-mismatch"
	TrailingBody   = "bytes-after-stream"
	UnknownFlags   = "reserved-flags"

	// Of a gzip stream.
	Members    = "several-members"
	HeaderCRC  = "header-crc"
	HeaderBits = "reserved-bits"

	// Of an OLE compound file and the documents in it.
	OLEHeader   = "ole-header"
	OLEChain    = "ole-chain"
	OLEOrphan   = "ole-orphan-entry"
	Macros      = "vba-macros"
	VBANoSource = "vba-no-source"
	ExcelMacros = "excel4-macros"

	// Of RTF.
	RTFTemplate = "rtf-remote-template"
	RTFObject   = "rtf-object-odd"

	// Of a tar file.
	Checksum     = "checksum"
	AfterZeros   = "data-after-end"
	TarSize      = "tar-size-differ"
	TarField     = "tar-field"
	TarSparse    = "tar-sparse"
	TarGarbage   = "tar-garbage"
	TarExtension = "tar-extension"

	// Of a disk image.
	ISOField    = "iso-field-differ"
	Interleaved = "interleaved"
	// Of cpio and ar files and rpm packages.
	CpioField = "cpio-field"
	ArField   = "ar-field"
	RpmHeader = "rpm-header"
	// Of a PDF file. The first four are facts that honest files have too.
	PDFJavaScript = "pdf-javascript"
	PDFEmbedded   = "pdf-embedded-file"
	PDFOpenAction = "pdf-open-action"
	PDFEncrypted  = "pdf-encrypted"
	PDFLaunch     = "pdf-launch"
	PDFEscaped    = "pdf-obfuscated-name"
	PDFDamaged    = "pdf-damaged-stream"
	PDFFilter     = "pdf-unknown-filter"

	// Of a web page.
	Smuggled = "html-smuggling"
)
