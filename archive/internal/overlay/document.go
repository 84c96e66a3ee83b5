package overlay

import (
	"bytes"

	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// endOfLNK is the end of the terminal block of a shell link's extra data
// ([MS-SHLLINK] section 2.1 ff.).
func endOfLNK(dev *device.Device) (int64, bool) {
	r := newForward(dev, 20)
	flags := r.le32()
	r.skip(76 - 24)
	if flags&1 != 0 {
		r.skip(int64(r.le16()))
	}
	if flags&2 != 0 {
		r.skip(int64(r.le32()) - 4)
	}
	for bit := uint32(4); bit <= 0x40; bit <<= 1 {
		if flags&bit != 0 {
			n := int64(r.le16())
			if flags&0x80 != 0 {
				n *= 2
			}
			r.skip(n)
		}
	}
	for r.ok {
		if r.at == dev.Size {
			return r.at, true // without its terminal block
		}
		n := r.le32()
		if n < 4 {
			break
		}
		r.skip(int64(n) - 4)
	}
	return r.at, r.ok
}

func isPDF(b []byte) bool { return bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")) }

var pdfEOF = []byte("%%EOF")

// endOfPDF is the last end-of-file marker (ISO 32000-1 section 7.5.5), or the first
// behind which an archive, a program or a document of another kind begins: a marker
// may stand behind that again.
func endOfPDF(dev *device.Device) (int64, bool) {
	last := int64(-1)
	buf := make([]byte, 64<<10)
	var first [128]byte
	for off := int64(0); off < dev.Size; off += int64(len(buf) - len(pdfEOF) + 1) {
		got := dev.Read(buf, off)
		for at := 0; ; {
			i := bytes.Index(got[at:], pdfEOF)
			if i < 0 {
				break
			}
			at += i + len(pdfEOF)
			last = off + int64(at)
			behind := got[at:]
			if len(behind) < len(first) {
				behind = dev.Read(first[:], last)
			}
			behind = bytes.TrimLeft(behind[:min(len(behind), len(first))], padding)
			if isCarried(behind) && !bytes.HasPrefix(behind, []byte("%PDF-")) {
				return last, true
			}
		}
	}
	return last, last >= 0
}

// endOfOLE is the end of the last sector that the FAT of a compound file calls
// used ([MS-CFB] section 2.3).
func endOfOLE(dev *device.Device) (int64, bool) {
	var h [512]byte
	if !dev.Full(h[:], 0) {
		return 0, false
	}
	shift := device.LE16(h[:], 30)
	if shift != 9 && shift != 12 {
		return 0, false
	}
	f := oleFAT{dev: dev, sector: int64(1) << shift, left: dev.Size >> shift}
	for i := range 109 {
		f.add(device.LE32(h[:], 76+4*i))
	}
	// The rest of the FAT's sectors are listed in a chain.
	buf := make([]byte, f.sector)
	for next := device.LE32(h[:], 68); next < 0xfffffffa && f.left > 0; {
		f.left--
		if !dev.Full(buf, (int64(next)+1)*f.sector) {
			break
		}
		last := len(buf) - 4
		for i := 0; i < last; i += 4 {
			f.add(device.LE32(buf, i))
		}
		next = device.LE32(buf, last)
	}
	return (f.last + 2) * f.sector, f.any
}

// oleFAT collects the last used sector.
type oleFAT struct {
	dev    *device.Device
	sector int64
	index  int64 // of the next sector of the FAT
	left   int64 // sectors that may still be read
	last   int64 // number of the last used sector
	any    bool
	buf    []byte
}

func (f *oleFAT) add(sector uint32) {
	if sector >= 0xfffffffa || f.left <= 0 {
		return
	}
	f.left--
	per := f.sector / 4
	if f.buf == nil {
		f.buf = make([]byte, f.sector)
	}
	got := f.dev.Read(f.buf, (int64(sector)+1)*f.sector)
	for i := len(got)/4 - 1; i >= 0; i-- {
		if device.LE32(got, 4*i) != 0xffffffff {
			f.last, f.any = max(f.last, f.index*per+int64(i)), true
			break
		}
	}
	f.index++
}

// endOf7z is the end of the header at the archive's end (7zFormat.txt,
// SignatureHeader).
func endOf7z(dev *device.Device) (int64, bool) {
	var h [32]byte
	if !dev.Full(h[:], 0) {
		return 0, false
	}
	off, n := device.OffsetOf(device.LE64(h[:], 12)), device.OffsetOf(device.LE64(h[:], 20))
	if off > dev.Size || n > dev.Size {
		return 0, false
	}
	return 32 + off + n, true
}

// endOfCAB is the size in a cabinet's header ([MS-CAB] section 2.1), or the end of
// the signature that its reserve names.
func endOfCAB(dev *device.Device) (int64, bool) {
	var h [52]byte
	if len(dev.Read(h[:], 0)) < 36 {
		return 0, false
	}
	end := int64(device.LE32(h[:], 8))
	if device.LE16(h[:], 30)&4 != 0 && device.LE16(h[:], 36) >= 20 {
		if at := int64(device.LE32(h[:], 44)); at >= end && at <= end+16 {
			end = at + int64(device.LE32(h[:], 48))
		}
	}
	return end, end >= 36
}
