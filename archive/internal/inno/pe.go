package inno

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// peFile is what is needed of a program's headers (Microsoft, "PE Format") to find the
// loader's table.
type peFile struct {
	p         *level.Probe
	sections  []byte // their table
	end       int64  // of the sections
	resources uint32 // address
}

// maxSections is what Windows loads.
const maxSections = 96

func parsePE(p *level.Probe) (pe peFile, ok bool) {
	at := int64(binary.LittleEndian.Uint32(p.Head[60:]))
	h := p.At(at, 24+136)
	if len(h) < 24+136 || string(h[:4]) != "PE\x00\x00" {
		return pe, false
	}
	pe.p = p
	dirs := 24 + 96
	if binary.LittleEndian.Uint16(h[24:]) == 0x20b {
		dirs += 16
	}
	pe.resources = binary.LittleEndian.Uint32(h[dirs+2*8:])
	n := min(int(binary.LittleEndian.Uint16(h[6:])), maxSections)
	pe.sections = p.At(at+24+int64(binary.LittleEndian.Uint16(h[20:])), 40*n)
	for row := pe.sections; len(row) >= 40; row = row[40:] {
		pe.end = max(pe.end, int64(binary.LittleEndian.Uint32(row[16:]))+int64(binary.LittleEndian.Uint32(row[20:])))
	}
	return pe, true
}

// offset is where an address is in the file, -1 if it is not there.
func (pe *peFile) offset(address uint32) int64 {
	for row := pe.sections; len(row) >= 40; row = row[40:] {
		from, size := binary.LittleEndian.Uint32(row[12:]), binary.LittleEndian.Uint32(row[16:])
		if address >= from && address-from < size {
			return int64(binary.LittleEndian.Uint32(row[20:])) + int64(address-from)
		}
	}
	return -1
}

// Resources: raw data, and the number of the loader's table among them.
const (
	rawData     = 10
	tableNumber = 11111
)

// hasTable says whether the loader's table is among the resources. Newer loaders do not
// look at what it begins with, but at its version and its CRC.
func (pe *peFile) hasTable() bool {
	root := pe.offset(pe.resources)
	if pe.resources == 0 || root < 0 {
		return false
	}
	at := root
	for _, number := range []int{rawData, tableNumber, -1} {
		next, ok := pe.entry(at, number)
		if !ok {
			return false
		}
		at = root + int64(next&(1<<31-1))
	}
	leaf := pe.p.At(at, 8)
	if len(leaf) < 8 {
		return false
	}
	off := pe.offset(binary.LittleEndian.Uint32(leaf))
	if off < 0 {
		return false
	}
	b := pe.p.At(off, 64)
	if len(b) < 44 {
		return false
	}
	for _, n := range []int{40, 60} {
		if len(b) >= n+4 && crc32.ChecksumIEEE(b[:n]) == binary.LittleEndian.Uint32(b[n:]) {
			return true
		}
	}
	return string(b[:len(tableMark)]) == tableMark || string(b[:len(otherTable)]) == otherTable
}

// entry finds a number in a folder of resources, or the first for -1.
func (pe *peFile) entry(at int64, number int) (next uint32, ok bool) {
	h := pe.p.At(at, 4<<10)
	if len(h) < 16 {
		return 0, false
	}
	n := int(binary.LittleEndian.Uint16(h[12:])) + int(binary.LittleEndian.Uint16(h[14:]))
	for row := h[16:]; len(row) >= 8 && n > 0; row = row[8:] {
		if number < 0 || binary.LittleEndian.Uint32(row) == uint32(number) {
			return binary.LittleEndian.Uint32(row[4:]), true
		}
		n--
	}
	return 0, false
}
