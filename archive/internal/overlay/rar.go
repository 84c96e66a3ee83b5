package overlay

import "github.com/fivefifty/fivefifty/archive/internal/device"

// maxRARBlocks bounds the walk over an archive's blocks.
const maxRARBlocks = 1 << 20

// endOfRAR goes from block to block to the one that ends the archive (RARLAB, "RAR
// 5.0 archive format"; for the format before, UnRAR's headers.hpp). One whose
// headers are encrypted does not tell.
func endOfRAR(dev *device.Device) (int64, bool) {
	var b [32]byte
	if got := dev.Read(b[:8], 0); len(got) == 8 && got[6] == 1 {
		return endOfRAR5(dev)
	}
	at := int64(7)
	for range maxRARBlocks {
		if len(dev.Read(b[:11], at)) < 7 {
			break
		}
		kind, flags, n := b[2], device.LE16(b[:], 3), int64(device.LE16(b[:], 5))
		if n < 7 || kind < 0x72 || kind > 0x7b || kind == 0x73 && flags&0x80 != 0 {
			break
		}
		if flags&0x8000 != 0 || kind == 0x74 {
			n += int64(device.LE32(b[:], 7))
			if kind == 0x74 && flags&0x100 != 0 && dev.Full(b[:4], at+32) {
				n += int64(device.LE32(b[:], 0)) << 32
			}
		}
		at += n
		if at > dev.Size {
			break
		}
		if kind == 0x7b || at == dev.Size {
			return at, true
		}
	}
	return 0, false
}

func endOfRAR5(dev *device.Device) (int64, bool) {
	const endOfArchive, encryption = 5, 4
	at := int64(8)
	for range maxRARBlocks {
		var b [48]byte
		h := rarNumbers{b: dev.Read(b[:], at), at: 4}
		size := h.next()
		start := int64(h.at)
		kind, flags := h.next(), h.next()
		data := int64(0)
		if flags&1 != 0 {
			h.next() // of the extra area, which is part of the header
		}
		if flags&2 != 0 {
			data = h.next()
		}
		if h.bad || kind == encryption || size > dev.Size || data > dev.Size {
			break
		}
		at += start + size + data
		if at > dev.Size {
			break
		}
		if kind == endOfArchive || at == dev.Size {
			return at, true
		}
	}
	return 0, false
}

// rarNumbers reads numbers of seven bits a byte, the lowest first.
type rarNumbers struct {
	b   []byte
	at  int
	bad bool
}

func (h *rarNumbers) next() int64 {
	n := int64(0)
	for shift := 0; shift < 63; shift += 7 {
		if h.at >= len(h.b) {
			break
		}
		c := h.b[h.at]
		h.at++
		n |= int64(c&0x7f) << shift
		if c&0x80 == 0 {
			return n
		}
	}
	h.bad = true
	return 0
}
