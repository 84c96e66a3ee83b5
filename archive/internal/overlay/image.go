package overlay

import "github.com/fivefifty/fivefifty/archive/internal/device"

// endOfJPEG goes from marker to marker to the end of the image (ITU-T T.81 section
// B.1). Pictures within segments have an end of their own, which is passed over.
func endOfJPEG(dev *device.Device) (int64, bool) {
	r := newForward(dev, 2)
	for r.ok {
		// QUIRK: T.81 section B.1.1.2 allows fill bytes only; decoders pass over
		// anything up to the next marker.
		r.behind(0xff)
		marker := r.byte()
		for marker == 0xff {
			marker = r.byte()
		}
		switch {
		case !r.ok:
		case marker == 0xd9: // EOI
			return r.at, true
		case marker == 0, marker == 1, marker >= 0xd0 && marker <= 0xd8: // stuffing, or no length
		default:
			r.skip(int64(r.be16()) - 2)
		}
	}
	return 0, false
}

// endOfPNG goes from chunk to chunk to IEND (W3C PNG, section 5.3).
func endOfPNG(dev *device.Device) (int64, bool) {
	r := newForward(dev, 8)
	for r.ok {
		n, kind := r.be32(), r.be32()
		r.skip(int64(n))
		r.skip(4)
		if r.ok && kind == 0x49454e44 {
			return r.at, true
		}
	}
	return 0, false
}

// endOfGIF goes from block to block to the trailer (GIF89a, section 27).
func endOfGIF(dev *device.Device) (int64, bool) {
	r := newForward(dev, 10)
	table := func(flags byte) {
		if flags&0x80 != 0 {
			r.skip(3 << (flags&7 + 1))
		}
	}
	flags := r.byte()
	r.skip(2)
	table(flags)
	for r.ok {
		switch r.byte() {
		case 0x3b:
			return r.at, r.ok
		case 0x21:
			r.skip(1)
		case 0x2c:
			r.skip(8)
			table(r.byte())
			r.skip(1)
		default:
			return 0, false
		}
		for n := r.byte(); n > 0 && r.ok; n = r.byte() {
			r.skip(int64(n))
		}
	}
	return 0, false
}

func isBMP(b []byte) bool {
	return len(b) >= 54 && b[0] == 'B' && b[1] == 'M' && device.LE32(b, 14) >= 12 && device.LE32(b, 14) <= 124 && device.LE32(b, 10) >= 26 && device.LE16(b, 26) == 1
}

// endOfBMP is what the header says, or what the pixels take if that is more: many
// writers leave the size out.
func endOfBMP(dev *device.Device) (int64, bool) {
	var h [54]byte
	if !dev.Full(h[:], 0) {
		return 0, false
	}
	width, height := int64(int32(device.LE32(h[:], 18))), int64(int32(device.LE32(h[:], 22)))
	depth, image := int64(device.LE16(h[:], 28)), int64(device.LE32(h[:], 34))
	if device.LE32(h[:], 14) == 12 {
		return int64(device.LE32(h[:], 2)), device.LE32(h[:], 2) > 26
	}
	if height < 0 {
		height = -height
	}
	if device.LE32(h[:], 30) == 0 && width > 0 && width < 1<<16 && height < 1<<16 && depth <= 32 { // not compressed
		image = max(image, (width*depth+31)/32*4*height)
	}
	end := max(int64(device.LE32(h[:], 2)), int64(device.LE32(h[:], 10))+image)
	return end, true
}

// endOfICO is the end of the last picture.
func endOfICO(dev *device.Device) (int64, bool) {
	r := newForward(dev, 4)
	end := int64(0)
	for n := r.le16(); n > 0 && r.ok; n-- {
		r.skip(3)
		reserved := r.byte()
		r.skip(4)
		size, at := int64(r.le32()), int64(r.le32())
		if reserved != 0 || at < 6 {
			return 0, false
		}
		end = max(end, at+size)
	}
	return end, r.ok && end > 0
}

// endOfRIFF passes over the chunks at the top: an AVI can have several.
func endOfRIFF(dev *device.Device) (int64, bool) {
	r := newForward(dev, 0)
	for {
		kind, n := r.be32(), int64(r.le32())
		if !r.ok || kind != 0x52494646 {
			break
		}
		if n == 0 || n >= dev.Size {
			return 0, false // written to a pipe
		}
		end := r.at + n + n&1
		if r.skip(min(n+n&1, dev.Size-r.at)); end >= dev.Size {
			return end, true
		}
	}
	return r.at - 8, r.at > 12
}

func isMP4(b []byte) bool {
	return len(b) > 12 && string(b[4:8]) == "ftyp" && device.BE32(b, 0) >= 8 && device.BE32(b, 0) < 1<<10
}

// endOfMP4 passes over the boxes at the top (ISO/IEC 14496-12 section 4.2), to the
// first that is none.
func endOfMP4(dev *device.Device) (int64, bool) {
	r := newForward(dev, 0)
	for {
		at := r.at
		var kind [4]byte
		n := int64(r.be32())
		r.bytes(kind[:])
		switch {
		case !r.ok || !topBoxes[string(kind[:])]:
			return at, true
		case n == 0:
			return dev.Size, true
		case n == 1:
			n = int64(min(uint64(r.be32())<<32|uint64(r.be32()), 1<<62))
		}
		if n < r.at-at {
			return at, true
		}
		if n >= dev.Size-at {
			return dev.Size, true
		}
		r.skip(at + n - r.at)
	}
}

// topBoxes are the types of boxes that stand at the top of a file.
var topBoxes = map[string]bool{
	"ftyp": true, "pdin": true, "moov": true, "moof": true, "mfra": true, "mdat": true, "free": true, "skip": true, "meta": true,
	"meco": true, "styp": true, "sidx": true, "ssix": true, "prft": true, "emsg": true, "uuid": true, "wide": true, "udta": true, "pnot": true,
}
