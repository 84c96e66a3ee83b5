package overlay

import (
	"fmt"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func isPE(b []byte) bool {
	if len(b) < 64 || b[0] != 'M' || b[1] != 'Z' {
		return false
	}
	at := int(device.LE32(b, 60))
	return at >= 4 && at <= len(b)-4 && string(b[at:at+4]) == "PE\x00\x00"
}

// peFile are the parts of a program in the PE format (Microsoft, "PE Format") that
// say what belongs to it.
type peFile struct {
	dev       *device.Device
	sections  []peSection
	end       int64         // of the sections, headers and symbols
	cert      device.Extent // certificate table
	resources device.Extent // off is an address, n its length
}

type peSection struct {
	address, size int64 // in memory
	raw           device.Extent
}

// maxSections is what Windows loads.
const maxSections = 96

func parsePE(dev *device.Device) (*peFile, bool) {
	var dos [64]byte
	dev.Read(dos[:], 0)
	at := int64(device.LE32(dos[:], 60))
	h := dev.Read(make([]byte, 24+240), at)
	if len(h) < 24+96 || string(h[:4]) != "PE\x00\x00" {
		return nil, false
	}
	pe := &peFile{dev: dev}
	opt := h[24:]
	dirs, count := 96, device.LE32(opt, 92)
	if device.LE16(opt, 0) == 0x20b {
		dirs, count = 112, device.LE32(opt, 108)
	}
	table, sections := at+24+int64(device.LE16(h, 20)), min(int(device.LE16(h, 6)), maxSections)
	pe.end = max(int64(device.LE32(opt, 60)), table+40*int64(sections))
	if count > 4 {
		pe.cert = device.Extent{Off: int64(device.LE32(opt, dirs+32)), N: int64(device.LE32(opt, dirs+36))}
	}
	if count > 2 {
		pe.resources = device.Extent{Off: int64(device.LE32(opt, dirs+16)), N: int64(device.LE32(opt, dirs+20))}
	}
	pe.readSections(table, sections)
	// Linkers of the GNU and Go tools put symbols behind the sections, then names.
	if at, n := int64(device.LE32(h, 8)), int64(device.LE32(h, 12)); at > 0 && n > 0 && at+18*n < dev.Size {
		var size [4]byte
		dev.Read(size[:], at+18*n)
		if end := at + 18*n + int64(device.LE32(size[:], 0)); end <= dev.Size {
			pe.end = max(pe.end, end)
		}
	}
	return pe, true
}

func (pe *peFile) readSections(at int64, n int) {
	for range n {
		var s [40]byte
		if !pe.dev.Full(s[:], at) {
			return
		}
		at += 40
		sec := peSection{
			address: int64(device.LE32(s[:], 12)), size: max(int64(device.LE32(s[:], 8)), int64(device.LE32(s[:], 16))),
			// The loader rounds down to sectors.
			raw: device.Extent{Off: int64(device.LE32(s[:], 20)) &^ 511, N: int64(device.LE32(s[:], 16))},
		}
		if sec.raw.N > 0 {
			pe.end = max(pe.end, int64(device.LE32(s[:], 20))+sec.raw.N)
		}
		pe.sections = append(pe.sections, sec)
	}
}

// tails are the pieces behind the program that are not its certificates.
func (pe *peFile) tails(dev *device.Device) []device.Extent {
	var tails []device.Extent
	add := func(from, to int64) {
		if from < to && filled(dev, from, to) {
			tails = append(tails, device.Extent{Off: from, N: to - from})
		}
	}
	from := pe.end
	if pe.cert.N > 0 && pe.cert.Off >= from && pe.cert.Off < dev.Size {
		add(from, pe.cert.Off)
		from = (pe.cert.Off + pe.cert.N + 7) &^ 7
	}
	add(from, dev.Size)
	return tails
}

func (pe *peFile) hasResources() bool {
	return pe.resources.N > 0 && pe.offset(pe.resources.Off) > 0
}

// offset is the place of an address in the file, -1 if it has none.
func (pe *peFile) offset(address int64) int64 {
	for _, s := range pe.sections {
		if address >= s.address && address < s.address+min(s.size, s.raw.N) {
			return s.raw.Off + address - s.address
		}
	}
	return -1
}

// Bounds of a resource tree.
const (
	maxResources    = 64 << 10 // entries of all directories
	maxResourceName = 128      // UTF-16 units
	leastResource   = 64       // bytes, below which nothing is carried
)

// addResources adds the resources that begin like an archive, a program or a
// document: the tree has three levels, of types, names and languages.
func (pe *peFile) addResources(c *device.Catalog) {
	root := pe.offset(pe.resources.Off)
	if root <= 0 {
		return
	}
	w := peResources{pe: pe, root: root, left: maxResources}
	for _, kind := range w.entries(0) {
		for _, name := range w.entries(kind.dir()) {
			for _, lang := range w.entries(name.dir()) {
				w.addLeaf(c, kind, name, lang)
			}
		}
	}
	if w.left <= 0 {
		c.Fail(fmt.Errorf("resources: %w", level.ErrLimit))
	}
}

type peResources struct {
	pe   *peFile
	root int64
	left int // entries that may still be read
}

// peResource is an entry of a resource directory.
type peResource struct {
	id uint32 // a number, or the place of a name
	at uint32 // of a directory or of a leaf
}

// dir is the place of the directory that the entry leads to, -1 for a leaf.
func (e peResource) dir() int64 {
	if e.at&(1<<31) == 0 {
		return -1
	}
	return int64(e.at &^ (1 << 31))
}

func (w *peResources) entries(at int64) []peResource {
	var h [16]byte
	if at < 0 || !w.pe.dev.Full(h[:], w.root+at) {
		return nil
	}
	var all []peResource
	n := int(device.LE16(h[:], 12)) + int(device.LE16(h[:], 14))
	for i := range n {
		var e [8]byte
		if w.left <= 0 || !w.pe.dev.Full(e[:], w.root+at+16+8*int64(i)) {
			break
		}
		w.left--
		all = append(all, peResource{device.LE32(e[:], 0), device.LE32(e[:], 4)})
	}
	return all
}

func (w *peResources) addLeaf(c *device.Catalog, kind, name, leaf peResource) {
	var e [16]byte
	if leaf.dir() >= 0 || !w.pe.dev.Full(e[:], w.root+int64(leaf.at)) {
		return
	}
	at, n := w.pe.offset(int64(device.LE32(e[:], 0))), int64(device.LE32(e[:], 4))
	if at < 0 || n <= leastResource {
		return
	}
	// A program is known by what its first KiB leads to.
	head := w.pe.dev.Read(make([]byte, min(n, 1<<10)), at)
	if isCarried(head) {
		c.AddExtents(nil, []string{w.name(kind) + "/" + w.name(name)}, []device.Extent{{Off: at, N: n}}, n)
	}
}

// name is the name of a type or a resource, or its number.
func (w *peResources) name(e peResource) string {
	if e.id&(1<<31) == 0 {
		if e.id == 10 {
			return "RCDATA"
		}
		return fmt.Sprint(e.id)
	}
	at := w.root + int64(e.id&^(1<<31))
	var n [2]byte
	w.pe.dev.Read(n[:], at)
	b := w.pe.dev.Read(make([]byte, 2*min(int(device.LE16(n[:], 0)), maxResourceName)), at+2)
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = device.LE16(b, 2*i)
	}
	return device.PlainName(string(utf16.Decode(units)))
}
