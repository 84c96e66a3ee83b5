package overlay

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// outer is a kind of file that has an end of its own, behind which loaders and
// viewers do not look.
type outer struct {
	name string
	is   func(head []byte) bool

	// end returns where the file ends by its own structure; false if it is too
	// broken to tell.
	end func(*device.Device) (int64, bool)
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
func outerOf(head []byte, dev *device.Device) (*outer, *peFile) {
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

// Format is how what a file carries is found and opened.
var Format = &level.Format{Name: "overlay", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	head := p.Head[:min(len(p.Head), outerHead)]
	if !slices.ContainsFunc(outers[:], func(o outer) bool { return o.is(head) }) {
		return false // as nearly all
	}
	dev := device.New(p.Src, p.Size)
	o, pe := outerOf(head, dev)
	switch {
	case o == nil:
		return false
	case pe != nil:
		return len(pe.tails(dev)) > 0 || pe.hasResources()
	}
	end, ok := o.end(dev)
	return ok && filled(dev, end, p.Size)
}

// open yields what a file carries that is no part of it: bytes behind its
// end, and files among a program's resources. A file without any has no members.
func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var head [outerHead]byte
	o, pe := outerOf(dev.Read(head[:], 0), dev)
	if o == nil {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	c := device.NewCatalog(dev, l)
	if pe != nil {
		for _, tail := range pe.tails(dev) {
			addOverlay(c, o, tail.Off, tail.Off+tail.N)
		}
		pe.addResources(c)
		return c, nil
	}
	end, ok := o.end(dev)
	if !ok {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	if filled(dev, end, size) {
		addOverlay(c, o, end, size)
	}
	return c, nil
}

// addOverlay adds the bytes from off to end. Where they begin with padding, what
// stands behind it is a second reading, if it is known by its first bytes.
func addOverlay(c *device.Catalog, o *outer, off, end int64) {
	names := []string{"overlay"}
	c.AddExtents(nil, names, []device.Extent{{Off: off, N: end - off}}, end-off)
	if o.name != "jpeg" || !cameraTail(c.Dev, off, end) {
		c.Note(anomaly.Appended)
	}
	var b [512]byte
	if at := firstFilled(c.Dev, off, end); at > off && isCarried(c.Dev.Read(b[:], at)) {
		c.AddExtents(nil, names, []device.Extent{{Off: at, N: end - at}}, end-at)
	}
}

// cameraTail knows what cameras and telephones put behind a picture: further
// pictures (CIPA DC-007), a short film, Samsung's notes.
func cameraTail(dev *device.Device, off, end int64) bool {
	var b [8]byte
	first := string(dev.Read(b[:], off))
	if strings.HasPrefix(first, "\xff\xd8\xff") || strings.HasSuffix(first, "ftyp") {
		return true
	}
	return string(dev.Read(b[:4], end-4)) == "SEFT"
}

// leastOverlay is the least length in bytes, without padding, that is taken for
// something that was put there.
const leastOverlay = 8

// filled says whether more than padding stands between two places.
func filled(dev *device.Device, off, end int64) bool {
	at := firstFilled(dev, off, end)
	if at >= end {
		return false
	}
	var b [leastOverlay]byte
	return len(bytes.TrimRight(dev.Read(b[:min(leastOverlay, end-at)], at), padding)) > 0 && end-at >= leastOverlay
}

// firstFilled is the first place that does not hold padding, end if there is none.
func firstFilled(dev *device.Device, off, end int64) int64 {
	var small [512]byte
	buf := small[:]
	for off < end {
		got := dev.Read(buf[:min(int64(len(buf)), end-off)], off)
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
