package archive

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
)

// Apple's disk images have no published specification; the fields are those that
// libdmg-hfsplus and 7-Zip read. Numbers are big-endian.

// dmgTrailerBytes is the length of the trailer at the end of the image.
const dmgTrailerBytes = 512

// maxDMGList bounds the property list, which holds 40 bytes in base64 for each
// chunk of the image.
const maxDMGList = 16 << 20

var (
	dmgTrailer   = []byte("koly\x00\x00\x00\x04")
	dmgEncrypted = []byte("encrcdsa")
)

func detectDMG(p *probe) bool {
	return bytes.HasPrefix(p.at(-dmgTrailerBytes, 8), dmgTrailer) || bytes.HasPrefix(p.head, dmgTrailer) || bytes.HasPrefix(p.head, dmgEncrypted)
}

// openDMG yields the partitions of an Apple disk image, each as one member: the
// volumes in them are for their own formats.
func openDMG(src io.ReaderAt, size int64, l Limits) (walker, error) {
	dev := newDevice(src, size)
	c := newCatalog(dev, l)
	var t [dmgTrailerBytes]byte
	found := false
	for _, off := range []int64{size - dmgTrailerBytes, 0} {
		got := dev.read(t[:], off)
		if bytes.HasPrefix(got, dmgEncrypted) {
			return nil, ErrEncrypted
		}
		if found = len(got) == len(t) && bytes.HasPrefix(got, dmgTrailer); found {
			break
		}
	}
	if !found {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	off, n := offsetOf(be64(t[:], 216)), offsetOf(be64(t[:], 224))
	list, err := readUpTo(dev.part(off, min(n, dev.size)).reader(), maxDMGList)
	if err != nil {
		c.fail(fmt.Errorf("property list: %w", err))
	}
	d := dmgImage{c, offsetOf(be64(t[:], 24)), 16 + size>>14}
	d.readList(list)
	if len(c.files) == 0 && c.over == nil {
		return nil, fmt.Errorf("no partitions: %w", ErrMalformed)
	}
	return c, nil
}

type dmgImage struct {
	*catalog
	fork int64 // offset of the data

	// bzip2 is how many bzip2 chunks may still be read: each takes 4 MB for its
	// tables, however short it is. An honest one has 16 KiB and more.
	bzip2 int64
}

// readList finds the block tables in the property list. They are taken wherever
// they stand, for nothing else in such a list begins like them.
func (d *dmgImage) readList(list []byte) {
	for d.over == nil {
		_, rest, ok := bytes.Cut(list, []byte("<data>"))
		if !ok {
			return
		}
		data, after, _ := bytes.Cut(rest, []byte("</data>"))
		list = after
		table := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
		n, _ := base64.StdEncoding.Decode(table, unspaced(data))
		if table = table[:n]; bytes.HasPrefix(table, []byte("mish")) && n >= 204 {
			d.addTable(table, dmgName(after))
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

// dmgName is the name that follows a table in its dictionary.
func dmgName(after []byte) string {
	dict, _, _ := bytes.Cut(after[:min(len(after), maxFolderBytes)], []byte("</dict>"))
	_, rest, _ := bytes.Cut(dict, []byte("<key>Name</key>"))
	_, rest, _ = bytes.Cut(rest, []byte("<string>"))
	name, _, _ := bytes.Cut(rest, []byte("</string>"))
	return html.UnescapeString(string(name))
}

func (d *dmgImage) addTable(table []byte, name string) {
	size := offsetOf(be64(table, 16))
	if size > 1<<40 {
		size = -1
	} else {
		size *= sectorBytes
	}
	if name == "" {
		name = fmt.Sprint(len(d.files))
	}
	key := contentKey{off: int64(len(d.files)), size: size, hash: 2}
	base := d.fork + offsetOf(be64(table, 24))
	f := d.add(key, nil, []string{plainName(name) + ".img"}, func() io.Reader {
		return &dmgChunks{image: d, dev: d.dev, rest: table[204:], count: be32(table, 200), base: base}
	})
	f.member.Method = "dmg"
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
