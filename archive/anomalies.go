package archive

// Names of anomalies. They are stable: policies and reports refer to them.
const (
	// Of any container.
	AnomalyAppended  = "appended-data"  // bytes after the container's end
	AnomalyPrepended = "prepended-data" // bytes before the container's start
	AnomalyTruncated = "truncated"      // the container ends before its own end

	// Of a name.
	AnomalyNameNUL    = "name-nul"    // a NUL in a name, where C programs stop
	AnomalyNameEmpty  = "name-empty"  // a member without a name, in a format that has names
	AnomalyNameCut    = "name-cut"    // a name above Limits.NameBytes, cut
	AnomalyNamesMany  = "names-many"  // more names for the same bytes than are kept
	AnomalyNameDiffer = "name-differ" // two descriptions of one member give other names

	// Of a member's body.
	AnomalyCRC     = "crc-mismatch"  // no declared CRC fits the bytes
	AnomalySize    = "size-mismatch" // no declared size fits the bytes
	AnomalyDirData = "dir-with-data" // a folder that carries bytes

	// Of a zip file.
	AnomalyNoEnd          = "no-end-record"         // no end record: members come from their local headers
	AnomalyManyEnds       = "many-end-records"      // more than one end record leads to a directory
	AnomalyEndFields      = "end-record-fields"     // count, size or offset in an end record is wrong
	AnomalyCommentLength  = "comment-length"        // the end record's comment does not end where the file does
	AnomalyZip64Differ    = "zip64-differ"          // zip64 fields contradict the 32-bit fields
	AnomalyMultiDisk      = "multi-disk"            // the records speak of several volumes
	AnomalyGap            = "gap-data"              // bytes between members that belong to none
	AnomalyOverlap        = "overlap"               // members share bytes
	AnomalyUnlisted       = "unlisted-local-header" // a local header that no directory lists
	AnomalyOrphanCentral  = "orphan-central-header" // a directory header that no end record reaches
	AnomalyNoLocal        = "no-local-header"       // a directory entry that leads to no local header
	AnomalyMethodDiffer   = "method-differ"         // the two headers give other methods
	AnomalySizeDiffer     = "size-differ"           // the two headers give other sizes
	AnomalyCRCDiffer      = "crc-differ"            // the two headers give other CRCs
	AnomalyEncryptDiffer  = "encryption-differ"     // the two headers disagree on encryption
	AnomalyFakeEncryption = "fake-encryption"       // marked as encrypted, yet plain
	AnomalyStoredSize     = "stored-size-differ"    // a stored member with two sizes
	AnomalyHiddenDeflate  = "deflate-said-stored"   // said to be stored, and is a deflate stream
	AnomalyOtherMethod    = "other-method"          // a body that no declared method explains, read by another
	AnomalyAuth           = "auth-mismatch"         // the password is right, and the authentication code is not
	AnomalyDuplicateName  = "duplicate-name"        // two members with other bytes bear one name
	AnomalyDescriptor     = "descriptor-on-stored"  // a stored member whose length follows it
	AnomalyBadDescriptor  = "descriptor-mismatch"   // the data descriptor does not fit the bytes
	AnomalyTrailingBody   = "bytes-after-stream"    // the compressed stream ends before its declared size
	AnomalyUnknownFlags   = "reserved-flags"        // reserved, masked or patch bits are set

	// Of a gzip stream.
	AnomalyMembers    = "several-members" // more than one stream in a row; bgzip and pigz write that too
	AnomalyHeaderCRC  = "header-crc"      // the header's own check is wrong
	AnomalyHeaderBits = "reserved-bits"   // reserved header bits are set

	// Of an OLE compound file and the documents in it.
	AnomalyOLEHeader   = "ole-header"       // the header contradicts itself or the format
	AnomalyOLEChain    = "ole-chain"        // a chain of sectors is broken and was guessed
	AnomalyOLEOrphan   = "ole-orphan-entry" // a directory entry that no storage lists
	AnomalyMacros      = "vba-macros"       // there are Visual Basic macros: a fact, not a fault
	AnomalyVBANoSource = "vba-no-source"    // a module without its source: only compiled code remains
	AnomalyExcelMacros = "excel4-macros"    // a sheet of Excel 4 macros: a fact, not a fault

	// Of RTF.
	AnomalyRTFTemplate = "rtf-remote-template" // the template is fetched from another computer
	AnomalyRTFObject   = "rtf-object-odd"      // an object's data is not only digits: readers may differ

	// Of a tar file.
	AnomalyChecksum   = "checksum"        // a header's checksum is wrong
	AnomalyAfterZeros = "data-after-end"  // members after the end-of-archive blocks
	AnomalyTarSize    = "tar-size-differ" // pax and header give other sizes
	AnomalyTarField   = "tar-field"       // a numeric field cannot be read
	AnomalyTarSparse  = "tar-sparse"      // a sparse member: the stored pieces are yielded, not the expanded file
	AnomalyTarGarbage = "tar-garbage"     // blocks that are no headers were skipped

	// Of a disk image.
	AnomalyISOField    = "iso-field-differ" // the two byte orders of a field, or the attribute record, give places that differ
	AnomalyInterleaved = "interleaved"      // a file with gaps, which most readers read in one piece
	// Of cpio and ar files and rpm packages.
	AnomalyCpioField = "cpio-field" // a numeric field has what are no digits
	AnomalyArField   = "ar-field"   // a size is no number, or a name is nowhere
	AnomalyRpmHeader = "rpm-header" // the payload does not follow two headers, or its codec is unknown
	// Of a PDF file. The first four are facts that honest files have too.
	AnomalyPDFJavaScript = "pdf-javascript"      // it has JavaScript
	AnomalyPDFEmbedded   = "pdf-embedded-file"   // it has embedded files
	AnomalyPDFOpenAction = "pdf-open-action"     // something happens when it is opened, be it only to turn to a page
	AnomalyPDFEncrypted  = "pdf-encrypted"       // it is encrypted, perhaps with the empty password
	AnomalyPDFLaunch     = "pdf-launch"          // it starts a program
	AnomalyPDFEscaped    = "pdf-obfuscated-name" // a name that says what it does is written with #xx
	AnomalyPDFDamaged    = "pdf-damaged-stream"  // a stream that can be decoded in part or not at all
	AnomalyPDFFilter     = "pdf-unknown-filter"  // a stream with a filter that is not known

	// Of a web page.
	AnomalySmuggled = "html-smuggling" // a string in base64 that is a program, a container or a document
)
