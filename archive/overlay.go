package archive

import (
	"bytes"
	"io"
)

// outer is a kind of file that has an end of its own, behind which loaders and
// viewers do not look.
type outer struct {
	name string
	is   func(head []byte) bool

	// end returns where the file ends by its own structure; false if it is too
	// broken to tell.
	end func(*device) (int64, bool)
}

var outers = [...]outer{
	{"pe", hasMagic("MZ"), nil},
	{"dos", isDOS, endOfDOS},
	{"elf", hasMagic("\x7fELF"), endOfELF},
	{"macho", isMachO, endOfMachO},
	{"class", isClass, endOfClass},
	{"lnk", hasMagic("L\x00\x00\x00\x01\x14\x02\x00"), endOfLNK},
	{"ole", hasMagic("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), endOfOLE},
	{"7z", hasMagic("7z\xbc\xaf\x27\x1c"), endOf7z},
	{"rar", hasMagic("Rar!\x1a\x07"), endOfRAR},
	{"cab", hasMagic("MSCF\x00\x00\x00\x00"), endOfCAB},
	{"pdf", isPDF, endOfPDF},
	{"jpeg", hasMagic("\xff\xd8\xff"), endOfJPEG},
	{"png", hasMagic("\x89PNG\r\n\x1a\n"), endOfPNG},
	{"gif", hasMagic("GIF8"), endOfGIF},
	{"bmp", isBMP, endOfBMP},
	{"ico", hasMagic("\x00\x00\x01\x00"), endOfICO},
	{"riff", hasMagic("RIFF"), endOfRIFF},
	{"mp4", isMP4, endOfMP4},
}

func hasMagic(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// padding are the bytes that fill a file up and mean nothing.
const padding = "\x00 \t\r\n"

// outerOf tells the kind of a file; the first of outers is a program for Windows,
// which only a place far behind its head may tell from one for DOS.
func outerOf(head []byte, dev *device) (*outer, *peFile) {
	for i := range outers {
		if !outers[i].is(head) {
			continue
		}
		if outers[i].end != nil {
			return &outers[i], nil
		}
		if pe, ok := parsePE(dev); ok {
			return &outers[i], pe
		}
	}
	return nil, nil
}

// outerHead is how much of a file its kind is told by, in bytes.
const outerHead = 1 << 10

func detectOverlay(p *probe) bool {
	dev := newDevice(p.src, p.size)
	o, pe := outerOf(p.head[:min(len(p.head), outerHead)], dev)
	switch {
	case o == nil:
		return false
	case pe != nil:
		return len(pe.tails(dev)) > 0 || pe.hasResources()
	}
	end, ok := o.end(dev)
	return ok && filled(dev, end, p.size)
}

// openOverlay yields what a file carries that is no part of it: bytes behind its
// end, and files among a program's resources. A file without any has no members.
func openOverlay(src io.ReaderAt, size int64, l Limits) (walker, error) {
	dev := newDevice(src, size)
	var head [outerHead]byte
	o, pe := outerOf(dev.read(head[:], 0), dev)
	if o == nil {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	c := newCatalog(dev, l)
	if pe != nil {
		for _, tail := range pe.tails(dev) {
			addOverlay(c, o, tail.off, tail.off+tail.n)
		}
		pe.addResources(c)
		return c, nil
	}
	end, ok := o.end(dev)
	if !ok {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	if filled(dev, end, size) {
		addOverlay(c, o, end, size)
	}
	return c, nil
}

// addOverlay adds the bytes from off to end. Where they begin with padding, what
// stands behind it is a second reading, if it is known by its first bytes.
func addOverlay(c *catalog, o *outer, off, end int64) {
	names := []string{"overlay"}
	c.addExtents(nil, names, []extent{{off: off, n: end - off}}, end-off)
	var b [512]byte
	first := c.dev.read(b[:], off)
	if !honestTail(o.name, first) {
		c.note(AnomalyAppended)
	}
	if at := firstFilled(c.dev, off, end); at > off && isCarried(c.dev.read(b[:], at)) {
		c.addExtents(nil, names, []extent{{off: at, n: end - at}}, end-at)
	}
}

// honestTail knows what cameras and telephones put behind a picture: further
// pictures (CIPA DC-007) and a short film.
func honestTail(outer string, b []byte) bool {
	if outer != "jpeg" {
		return false
	}
	return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) || len(b) > 8 && string(b[4:8]) == "ftyp"
}

// leastOverlay is the least length in bytes, without padding, that is taken for
// something that was put there.
const leastOverlay = 8

// filled says whether more than padding stands between two places.
func filled(dev *device, off, end int64) bool {
	at := firstFilled(dev, off, end)
	if at >= end {
		return false
	}
	var b [leastOverlay]byte
	return len(bytes.TrimRight(dev.read(b[:min(leastOverlay, end-at)], at), padding)) > 0 && end-at >= leastOverlay
}

// firstFilled is the first place that does not hold padding, end if there is none.
func firstFilled(dev *device, off, end int64) int64 {
	var small [512]byte
	buf := small[:]
	for off < end {
		got := dev.read(buf[:min(int64(len(buf)), end-off)], off)
		if len(got) == 0 {
			return end
		}
		if left := bytes.TrimLeft(got, padding); len(left) > 0 {
			return off + int64(len(got)-len(left))
		}
		off += int64(len(got))
		if len(buf) == len(small) {
			buf = make([]byte, 64<<10)
		}
	}
	return end
}

// carried are the first bytes of what programs carry along: archives, programs,
// documents.
var carried = []string{
	"PK\x03\x04", "MSCF\x00\x00\x00\x00", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "\x7fELF", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
	"\x1f\x8b\x08", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18", "%PDF-", "SZDD\x88\xf0\x27\x33", "KWAJ\x88\xf0\x27\xd1",
	"ISc(", "!<arch>\n", "MSWIM\x00\x00\x00", "L\x00\x00\x00\x01\x14\x02\x00", "ITSF\x03\x00\x00\x00", "zlb\x1a", "{\\rt",
}

// isCarried says whether bytes begin like an archive, a program or a document.
func isCarried(b []byte) bool {
	for _, magic := range carried {
		if bytes.HasPrefix(b, []byte(magic)) {
			return true
		}
	}
	return isPE(b) || isDOS(b)
}
