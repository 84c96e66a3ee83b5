package image

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// diskMiB is a disk that is full of one text.
func diskMiB(mib int) (disk []byte, body string) {
	body = archivetest.Text(mib<<20 - 256<<10)
	return floppy(mib<<11, [2]string{"LONG    TXT", body}), body
}

func BenchmarkImage(b *testing.B) {
	disk, body := diskMiB(8)
	for _, c := range []struct {
		name   string
		format *level.Format
		data   []byte
	}{
		{"vdi", VDI, forgeVDI(disk)},
		{"parallels", Parallels, forgeParallels(disk, parallelsMagic)},
		{"parallels-ext", Parallels, forgeParallels(disk, parallelsMagicExt)},
		{"sparse", Sparse, forgeSparse(disk)},
		{"ciso-cube", CISO, forgeCube(disk)},
	} {
		b.Run("format="+c.name, func(b *testing.B) { archivetest.BesideCopy(b, c.format, c.data, body) })
	}
	disk, body = diskMiB(2) // that is how much these have tables for
	for _, c := range []struct {
		name   string
		format *level.Format
		data   []byte
	}{{"qcow", QCOW, forgeQCOW(disk, false)}, {"vmdk", VMDK, forgeVMDK(disk, false)}, {"cowd", VMDK, forgeCOWD(disk)}} {
		b.Run("format="+c.name, func(b *testing.B) { archivetest.BesideCopy(b, c.format, c.data, body) })
	}
}

func BenchmarkPackedImage(b *testing.B) {
	disk, body := diskMiB(2)
	flates := func(size int) func() io.Reader {
		z := flate.NewReader(nil)
		pieces := archivetest.Pieces(body, size, func(s string) string { return string(deflated([]byte(s))) })
		return func() io.Reader { return archivetest.InTurn(z, pieces) }
	}
	zlibs := func(size int) func() io.Reader {
		pieces := archivetest.Pieces(body, size, func(s string) string { return string(zlibbed([]byte(s))) })
		z, err := zlib.NewReader(bytes.NewReader([]byte(pieces[0])))
		if err != nil {
			b.Fatal(err)
		}
		return func() io.Reader { return archivetest.InTurn(z, pieces) }
	}
	for _, c := range []struct {
		name   string
		format *level.Format
		data   []byte
		plain  func() io.Reader
	}{
		{"qcow", QCOW, forgeQCOW(disk, true), flates(4096)},
		{"vmdk", VMDK, forgeVMDK(disk, true), zlibs(4096)},
		{"ciso", CISO, forgeCISO(disk, "CISO", 1), flates(2048)},
	} {
		b.Run("format="+c.name, func(b *testing.B) { archivetest.Beside(b, c.format, c.data, len(body), "decoder", c.plain) })
	}
}
