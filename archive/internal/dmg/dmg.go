package dmg

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Apple's disk images have no published specification; the fields are those that
// libdmg-hfsplus and 7-Zip read. Numbers are big-endian.

// trailerBytes is the length of the trailer at the end of the image.
const trailerBytes = 512

// maxList bounds the property list, which holds 40 bytes in base64 for each
// chunk of the image.
const maxList = 16 << 20

var (
	dmgTrailer   = []byte("koly\x00\x00\x00\x04")
	dmgEncrypted = []byte("encrcdsa")
)

// Format is how an Apple disk image is found and opened.
var Format = &level.Format{Name: "dmg", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	return bytes.HasPrefix(p.At(-trailerBytes, 8), dmgTrailer) || bytes.HasPrefix(p.Head, dmgTrailer) || bytes.HasPrefix(p.Head, dmgEncrypted)
}

// open yields the partitions of an Apple disk image, each as one member: the
// volumes in them are for their own formats.
func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	c := device.NewCatalog(dev, l)
	var t [trailerBytes]byte
	found := false
	for _, off := range []int64{size - trailerBytes, 0} {
		got := dev.Read(t[:], off)
		if bytes.HasPrefix(got, dmgEncrypted) {
			return nil, level.ErrEncrypted
		}
		if found = len(got) == len(t) && bytes.HasPrefix(got, dmgTrailer); found {
			break
		}
	}
	if !found {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	off, n := device.OffsetOf(device.BE64(t[:], 216)), device.OffsetOf(device.BE64(t[:], 224))
	list, err := input.ReadUpTo(dev.Part(off, min(n, dev.Size)).Reader(), maxList)
	if err != nil {
		c.Fail(fmt.Errorf("property list: %w", err))
	}
	d := image{Catalog: c, fork: device.OffsetOf(device.BE64(t[:], 24)), bzip2: 16 + size>>14}
	d.readList(list)
	if len(c.Files) == 0 && c.Over == nil {
		return nil, fmt.Errorf("no partitions: %w", level.ErrMalformed)
	}
	return c, nil
}

type image struct {
	*device.Catalog
	decoders
	fork int64 // offset of the data

	// bzip2 is how many bzip2 chunks may still be read: each takes 4 MB for its
	// tables, however short it is. An honest one has 16 KiB and more.
	bzip2 int64
}

// readList finds the block tables in the property list. They are taken wherever
// they stand, for nothing else in such a list begins like them.
func (d *image) readList(list []byte) {
	for d.Over == nil {
		_, rest, ok := bytes.Cut(list, []byte("<data>"))
		if !ok {
			return
		}
		data, after, _ := bytes.Cut(rest, []byte("</data>"))
		list = after
		table := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
		n, _ := base64.StdEncoding.Decode(table, unspaced(data))
		if table = table[:n]; bytes.HasPrefix(table, []byte("mish")) && n >= 204 {
			d.addTable(table, name(after))
		}
	}
}

// unspaced takes out the blanks and the ends of lines, in place.
func unspaced(b []byte) []byte {
	kept := b[:0]
	for _, c := range b {
		if c > ' ' {
			kept = append(kept, c)
		}
	}
	return kept
}

// name is the name that follows a table in its dictionary.
func name(after []byte) string {
	dict, _, _ := bytes.Cut(after[:min(len(after), device.MaxFolderBytes)], []byte("</dict>"))
	_, rest, _ := bytes.Cut(dict, []byte("<key>Name</key>"))
	_, rest, _ = bytes.Cut(rest, []byte("<string>"))
	name, _, _ := bytes.Cut(rest, []byte("</string>"))
	return html.UnescapeString(string(name))
}

func (d *image) addTable(table []byte, name string) {
	size := device.OffsetOf(device.BE64(table, 16))
	if size > 1<<40 {
		size = -1
	} else {
		size *= device.SectorBytes
	}
	if name == "" {
		name = fmt.Sprint(len(d.Files))
	}
	key := device.Key{Off: int64(len(d.Files)), Size: size, Hash: 2}
	base := d.fork + device.OffsetOf(device.BE64(table, 24))
	f := d.Add(key, nil, []string{device.PlainName(name) + ".img"}, func() io.Reader {
		return &chunks{image: d, dev: d.Dev, rest: table[204:], count: device.BE32(table, 200), base: base}
	})
	f.Member.Method = "dmg"
}

// Types of chunks.
const (
	dmgZero   = 0
	dmgRaw    = 1
	dmgIgnore = 2
	dmgADC    = 0x80000004
	dmgZlib   = 0x80000005
	dmgBzip2  = 0x80000006
	dmgLZFSE  = 0x80000007
	dmgLZMA   = 0x80000008
	dmgEnd    = 0xffffffff
)
