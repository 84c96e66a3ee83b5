package overlay

import (
	"bytes"
	"debug/elf"
	"encoding/binary"

	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// isDOS asks for the header of a DOS program, and for no prose.
func isDOS(b []byte) bool {
	return len(b) >= 64 && b[0] == 'M' && b[1] == 'Z' && device.LE16(b, 8) >= 2 && device.LE16(b, 8) < 0x2000 && device.LE16(b, 2) <= 512 && !isPE(b)
}

// endOfDOS counts the pages of 512 bytes that the header gives. A program of a
// later format has its length elsewhere.
func endOfDOS(dev *device.Device) (int64, bool) {
	var b [64]byte
	var sig [2]byte
	if !dev.Full(b[:], 0) {
		return 0, false
	}
	if at := int64(device.LE32(b[:], 60)); at >= 64 && device.LE16(b[:], 24) >= 64 {
		switch string(dev.Read(sig[:], at)) {
		case "NE", "LE", "LX", "PE":
			return 0, false
		}
	}
	end := int64(device.LE16(b[:], 4)) * 512
	if last := int64(device.LE16(b[:], 2)); last > 0 {
		end -= 512 - last
	}
	return end, end > 32
}

// endOfELF is the end of the last segment, section or table (System V ABI, chapter
// 4).
func endOfELF(dev *device.Device) (int64, bool) {
	var h [64]byte
	dev.Read(h[:], 0)
	var order binary.ByteOrder = binary.LittleEndian
	if h[elf.EI_DATA] == byte(elf.ELFDATA2MSB) {
		order = binary.BigEndian
	}
	wide := h[elf.EI_CLASS] == byte(elf.ELFCLASS64)
	word := func(b []byte, at32, at64 int) int64 {
		if wide {
			return device.OffsetOf(order.Uint64(b[at64:]))
		}
		return int64(order.Uint32(b[at32:]))
	}
	tail := h[40:] // the counts stand at the end of either header
	if wide {
		tail = h[52:]
	}
	end := int64(order.Uint16(tail))
	table := func(at, step, n int64, offset, size func([]byte) int64) {
		end = max(end, at+step*n)
		for i := range n {
			var e [64]byte
			if step < 32 || step > 64 || !dev.Full(e[:step], at+i*step) {
				return
			}
			if off, n := offset(e[:]), size(e[:]); n <= dev.Size && off <= dev.Size {
				end = max(end, off+n)
			}
		}
	}
	table(word(h[:], 28, 32), int64(order.Uint16(tail[2:])), int64(order.Uint16(tail[4:])),
		func(e []byte) int64 { return word(e, 4, 8) }, func(e []byte) int64 { return word(e, 16, 32) })
	table(word(h[:], 32, 40), int64(order.Uint16(tail[6:])), int64(order.Uint16(tail[8:])),
		func(e []byte) int64 { return word(e, 16, 24) },
		func(e []byte) int64 {
			if elf.SectionType(order.Uint32(e[4:])) == elf.SHT_NOBITS {
				return 0
			}
			return word(e, 20, 32)
		})
	return end, end >= 52
}

func isMachO(b []byte) bool {
	switch device.BE32(b, 0) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe:
		return len(b) >= 28
	case 0xcafebabe, 0xcafebabf:
		return device.BE32(b, 4) > 0 && device.BE32(b, 4) < 43 // a class has its version there
	}
	return false
}

// endOfMachO is the end of the last slice of a universal file, or of the last
// segment of a plain one (Apple, <mach-o/loader.h>).
func endOfMachO(dev *device.Device) (int64, bool) {
	var h [32]byte
	dev.Read(h[:], 0)
	end := int64(0)
	if magic := device.BE32(h[:], 0); magic&0xfffffffe == 0xcafebabe {
		step := int64(20)
		if magic == 0xcafebabf {
			step = 32
		}
		for i := range int64(device.BE32(h[:], 4)) {
			var e [32]byte
			dev.Read(e[:step], 8+i*step)
			off, n := int64(device.BE32(e[:], 8)), int64(device.BE32(e[:], 12))
			if step == 32 {
				off, n = device.OffsetOf(device.BE64(e[:], 8)), device.OffsetOf(device.BE64(e[:], 16))
			}
			if off <= dev.Size && n <= dev.Size {
				end = max(end, off+n)
			}
		}
		return end, end > 0
	}
	return endOfSegments(dev, h[:])
}

func endOfSegments(dev *device.Device, h []byte) (int64, bool) {
	var order binary.ByteOrder = binary.LittleEndian
	if h[0] == 0xfe {
		order = binary.BigEndian
	}
	at := int64(28)
	if h[0] == 0xcf || h[3] == 0xcf {
		at = 32
	}
	end := at
	for range min(order.Uint32(h[16:]), 4096) {
		var c [72]byte
		if len(dev.Read(c[:], at)) < 8 {
			break
		}
		off, n := int64(0), int64(0)
		switch order.Uint32(c[:]) {
		case 1: // LC_SEGMENT
			off, n = int64(order.Uint32(c[32:])), int64(order.Uint32(c[36:]))
		case 0x19: // LC_SEGMENT_64
			off, n = device.OffsetOf(order.Uint64(c[40:])), device.OffsetOf(order.Uint64(c[48:]))
		}
		if off <= dev.Size && n <= dev.Size {
			end = max(end, off+n)
		}
		step := int64(order.Uint32(c[4:]))
		if step < 8 {
			break
		}
		at += step
	}
	return max(end, at), true
}

func isClass(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xca\xfe\xba\xbe")) && len(b) > 10 && device.BE32(b, 4) >= 43
}

// endOfClass reads a class file to its end (The Java Virtual Machine
// Specification, section 4.1).
func endOfClass(dev *device.Device) (int64, bool) {
	r := newForward(dev, 8)
	for n := r.be16(); n > 1 && r.ok; n-- {
		switch tag := r.byte(); tag {
		case 1:
			r.skip(int64(r.be16()))
		case 3, 4, 9, 10, 11, 12, 17, 18:
			r.skip(4)
		case 5, 6:
			r.skip(8)
			n-- // takes two places
		case 7, 8, 16, 19, 20:
			r.skip(2)
		case 15:
			r.skip(3)
		default:
			return 0, false
		}
	}
	r.skip(6)
	r.skip(2 * int64(r.be16())) // interfaces
	attributes := func() {
		for n := r.be16(); n > 0 && r.ok; n-- {
			r.skip(2)
			r.skip(int64(r.be32()))
		}
	}
	for range 2 { // fields, methods
		for n := r.be16(); n > 0 && r.ok; n-- {
			r.skip(6)
			attributes()
		}
	}
	attributes()
	return r.at, r.ok
}
