package archive

import "github.com/fivefifty/fivefifty/archive/internal/anomaly"

// Names of anomalies. They are stable: policies and reports refer to them.
const (
	// Of any container.
	AnomalyAppended  = anomaly.Appended  // bytes after the container's end
	AnomalyPrepended = anomaly.Prepended // bytes before the container's start
	AnomalyTruncated = anomaly.Truncated // the container ends before its own end

	// Of a name.
	AnomalyNameNUL    = anomaly.NameNUL    // a NUL in a name, where C programs stop
	AnomalyNameEmpty  = anomaly.NameEmpty  // a member without a name, in a format that has names
	AnomalyNameCut    = anomaly.NameCut    // a name above Limits.NameBytes, cut
	AnomalyNamesMany  = anomaly.NamesMany  // more names for the same bytes than are kept
	AnomalyNameDiffer = anomaly.NameDiffer // two descriptions of one member give other names

	// Of a member's body.
	AnomalyCRC     = anomaly.CRC     // no declared CRC fits the bytes
	AnomalySize    = anomaly.Size    // no declared size fits the bytes
	AnomalyDirData = anomaly.DirData // a folder that carries bytes

	// Of a zip file.
	AnomalyNoEnd          = anomaly.NoEnd          // no end record: members come from their local headers
	AnomalyManyEnds       = anomaly.ManyEnds       // more than one end record leads to a directory
	AnomalyEndFields      = anomaly.EndFields      // count, size or offset in an end record is wrong
	AnomalyCommentLength  = anomaly.CommentLength  // the end record's comment does not end where the file does
	AnomalyZip64Differ    = anomaly.Zip64Differ    // zip64 fields contradict the 32-bit fields
	AnomalyMultiDisk      = anomaly.MultiDisk      // the records speak of several volumes
	AnomalyGap            = anomaly.Gap            // bytes between members that belong to none
	AnomalyOverlap        = anomaly.Overlap        // members share bytes
	AnomalyUnlisted       = anomaly.Unlisted       // a local header that no directory lists
	AnomalyOrphanCentral  = anomaly.OrphanCentral  // a directory header that no end record reaches
	AnomalyNoLocal        = anomaly.NoLocal        // a directory entry that leads to no local header
	AnomalyMethodDiffer   = anomaly.MethodDiffer   // the two headers give other methods
	AnomalySizeDiffer     = anomaly.SizeDiffer     // the two headers give other sizes
	AnomalyCRCDiffer      = anomaly.CRCDiffer      // the two headers give other CRCs
	AnomalyEncryptDiffer  = anomaly.EncryptDiffer  // the two headers disagree on encryption
	AnomalyFakeEncryption = anomaly.FakeEncryption // marked as encrypted, yet plain
	AnomalyStoredSize     = anomaly.StoredSize     // a stored member with two sizes
	AnomalyHiddenDeflate  = anomaly.HiddenDeflate  // said to be stored, and is a deflate stream
	AnomalyOtherMethod    = anomaly.OtherMethod    // a body that no declared method explains, read by another
	AnomalyAuth           = anomaly.Auth           // the password is right, and the authentication code is not
	AnomalyDuplicateName  = anomaly.DuplicateName  // two members with other bytes bear one name
	AnomalyDescriptor     = anomaly.Descriptor     // a stored member whose length follows it
	AnomalyBadDescriptor  = anomaly.BadDescriptor  // the data descriptor does not fit the bytes
	AnomalyTrailingBody   = anomaly.TrailingBody   // the compressed stream ends before its declared size
	AnomalyUnknownFlags   = anomaly.UnknownFlags   // reserved, masked or patch bits are set

	// Of a gzip stream.
	AnomalyMembers    = anomaly.Members    // more than one stream in a row; bgzip and pigz write that too
	AnomalyHeaderCRC  = anomaly.HeaderCRC  // the header's own check is wrong
	AnomalyHeaderBits = anomaly.HeaderBits // reserved header bits are set

	// Of an OLE compound file and the documents in it.
	AnomalyOLEHeader   = anomaly.OLEHeader   // the header contradicts itself or the format
	AnomalyOLEChain    = anomaly.OLEChain    // a chain of sectors is broken and was guessed
	AnomalyOLEOrphan   = anomaly.OLEOrphan   // a directory entry that no storage lists
	AnomalyMacros      = anomaly.Macros      // there are Visual Basic macros: a fact, not a fault
	AnomalyVBANoSource = anomaly.VBANoSource // a module without its source: only compiled code remains
	AnomalyExcelMacros = anomaly.ExcelMacros // a sheet of Excel 4 macros: a fact, not a fault

	// Of RTF.
	AnomalyRTFTemplate = anomaly.RTFTemplate // the template is fetched from another computer
	AnomalyRTFObject   = anomaly.RTFObject   // an object's data is not only digits: readers may differ

	// Of a tar file.
	AnomalyChecksum     = anomaly.Checksum     // a header's checksum is wrong
	AnomalyAfterZeros   = anomaly.AfterZeros   // members after the end-of-archive blocks
	AnomalyTarSize      = anomaly.TarSize      // pax and header give other sizes
	AnomalyTarField     = anomaly.TarField     // a numeric field cannot be read
	AnomalyTarSparse    = anomaly.TarSparse    // a sparse member whose pieces readers put together in other ways, or which is yielded only as it is stored
	AnomalyTarGarbage   = anomaly.TarGarbage   // blocks that are no headers were skipped
	AnomalyTarExtension = anomaly.TarExtension // a header of a name or of attributes that some readers take for a file

	// Of a disk image.
	AnomalyISOField    = anomaly.ISOField    // the two byte orders of a field, or the attribute record, give places that differ
	AnomalyInterleaved = anomaly.Interleaved // a file with gaps, which most readers read in one piece
	// Of cpio and ar files and rpm packages.
	AnomalyCpioField = anomaly.CpioField // a numeric field has what are no digits
	AnomalyArField   = anomaly.ArField   // a size is no number, or a name is nowhere or none that a file has
	AnomalyRpmHeader = anomaly.RpmHeader // the payload does not follow two headers, or its codec is unknown
	// Of a PDF file. The first four are facts that honest files have too.
	AnomalyPDFJavaScript = anomaly.PDFJavaScript // it has JavaScript
	AnomalyPDFEmbedded   = anomaly.PDFEmbedded   // it has embedded files
	AnomalyPDFOpenAction = anomaly.PDFOpenAction // something happens when it is opened, be it only to turn to a page
	AnomalyPDFEncrypted  = anomaly.PDFEncrypted  // it is encrypted, perhaps with the empty password
	AnomalyPDFLaunch     = anomaly.PDFLaunch     // it starts a program
	AnomalyPDFEscaped    = anomaly.PDFEscaped    // a name that says what it does is written with #xx
	AnomalyPDFDamaged    = anomaly.PDFDamaged    // a stream that can be decoded in part or not at all
	AnomalyPDFFilter     = anomaly.PDFFilter     // a stream with a filter that is not known

	// Of a web page.
	AnomalySmuggled = anomaly.Smuggled // a string in base64 that is a program, a container or a document
)
