package archive

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/ace"
	"github.com/fivefifty/fivefifty/archive/internal/alzip"
	"github.com/fivefifty/fivefifty/archive/internal/apfs"
	"github.com/fivefifty/fivefifty/archive/internal/applefile"
	"github.com/fivefifty/fivefifty/archive/internal/arc"
	"github.com/fivefifty/fivefifty/archive/internal/autoit"
	"github.com/fivefifty/fivefifty/archive/internal/cab"
	"github.com/fivefifty/fivefifty/archive/internal/chm"
	"github.com/fivefifty/fivefifty/archive/internal/cms"
	"github.com/fivefifty/fivefifty/archive/internal/cramfs"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/dmg"
	"github.com/fivefifty/fivefifty/archive/internal/emlx"
	"github.com/fivefifty/fivefifty/archive/internal/ext"
	"github.com/fivefifty/fivefifty/archive/internal/html"
	"github.com/fivefifty/fivefifty/archive/internal/ihex"
	"github.com/fivefifty/fivefifty/archive/internal/image"
	"github.com/fivefifty/fivefifty/archive/internal/inno"
	"github.com/fivefifty/fivefifty/archive/internal/installshield"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lharc"
	"github.com/fivefifty/fivefifty/archive/internal/nsis"
	"github.com/fivefifty/fivefifty/archive/internal/office"
	"github.com/fivefifty/fivefifty/archive/internal/overlay"
	"github.com/fivefifty/fivefifty/archive/internal/pdf"
	"github.com/fivefifty/fivefifty/archive/internal/plist"
	"github.com/fivefifty/fivefifty/archive/internal/rar"
	"github.com/fivefifty/fivefifty/archive/internal/sevenzip"
	"github.com/fivefifty/fivefifty/archive/internal/sis"
	"github.com/fivefifty/fivefifty/archive/internal/squashfs"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
	"github.com/fivefifty/fivefifty/archive/internal/stuffit"
	"github.com/fivefifty/fivefifty/archive/internal/swf"
	"github.com/fivefifty/fivefifty/archive/internal/unix"
	"github.com/fivefifty/fivefifty/archive/internal/warc"
	"github.com/fivefifty/fivefifty/archive/internal/wide"
	"github.com/fivefifty/fivefifty/archive/internal/wim"
	"github.com/fivefifty/fivefifty/archive/internal/xar"
	"github.com/fivefifty/fivefifty/archive/internal/zip"
)

// formats is in the order in which Detect reports.
var formats = [...]*level.Format{
	zip.Format,
	stream.Gzip,
	stream.Bzip2,
	unix.Tar,
	disk.ISO,
	disk.UDF,
	disk.FAT,
	disk.Disk,
	disk.VHD,
	disk.VHDX,
	image.VDI,
	image.VMDK,
	image.QCOW,
	image.Parallels,
	image.Sparse,
	image.CISO,
	ext.Format,
	squashfs.Format,
	cramfs.Format,
	apfs.Format,
	xar.Format,
	wim.Format,
	dmg.Format,
	overlay.Format,
	office.OLE,
	office.TNEF,
	office.ActiveMime,
	office.RTF,
	cms.Format,
	office.One,
	applefile.Format,
	installshield.Format,
	nsis.Format,
	inno.Format,
	autoit.Format,
	stream.Xz,
	stream.Lzma,
	stream.Lzip,
	stream.Zstd,
	stream.Lz4,
	stream.Lzop,
	stream.Compress,
	stream.Zlib,
	stream.Snappy,
	stream.LZFSE,
	unix.Cpio,
	unix.Ar,
	unix.Rpm,
	pdf.Format,
	html.Format,
	html.Base64,
	wide.Format,
	ihex.Format,
	rar.Format,
	sevenzip.Format,
	cab.Cab,
	lharc.Arj,
	lharc.Lzh,
	ace.Format,
	alzip.ALZ,
	alzip.EGG,
	arc.ARC,
	arc.ZOO,
	stuffit.Format,
	cab.Szdd,
	chm.Format,
	sis.Format,
	swf.Format,
	warc.Format,
	plist.Format,
	emlx.Format,
}

// rowOf returns the row of a format, nil for one that is not known.
func rowOf(f Format) *level.Format {
	for _, row := range formats {
		if row.Name == string(f) {
			return row
		}
	}
	return nil
}

// Known says whether Open knows the format.
func Known(f Format) bool { return rowOf(f) != nil }

// Open opens one level of a container of the named format, which fills the
// first size bytes of src. The Reader reads from src until it is closed; src
// stays the caller's.
//
// The error wraps ErrFormat if the bytes are not of the format; ErrMalformed,
// ErrUnsupported, ErrEncrypted or ErrLimit if they are, but nothing can be reached;
// ErrUnsupported also for a format that Open does not know.
func Open(f Format, src io.ReaderAt, size int64, l Limits) (*Reader, error) {
	row := rowOf(f)
	if row == nil {
		return nil, fmt.Errorf("archive: format %.80q: %w", string(f), ErrUnsupported)
	}
	return level.Open(row, src, size, l)
}
