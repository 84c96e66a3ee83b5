package scanner

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf16"
)

const cfbSector = 512

// compound is a compound file of one stream of 4 KiB or more. Sector i of the stream
// stands in place[i] of the file; what is not used holds free.
func compound(name string, stream []byte, sectors int, place func(i int) int, free []byte) []byte {
	const none, end, fat = 0xffffffff, 0xfffffffe, 0xfffffffd
	le := binary.LittleEndian
	b := make([]byte, (3+sectors)*cfbSector)
	copy(b[3*cfbSector:], free)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	for at, v := range map[int]uint16{24: 0x3e, 26: 3, 28: 0xfffe, 30: 9, 32: 6} {
		le.PutUint16(b[at:], v)
	}
	for at, v := range map[int]uint32{44: 1, 48: 1, 56: 4096, 60: end, 68: end} {
		le.PutUint32(b[at:], v)
	}
	for i := range 109 {
		le.PutUint32(b[76+4*i:], none)
	}
	le.PutUint32(b[76:], 0)
	table := b[cfbSector : 2*cfbSector]
	for i := range 128 {
		le.PutUint32(table[4*i:], none)
	}
	le.PutUint32(table, fat)
	le.PutUint32(table[4:], end)
	n := (len(stream) + cfbSector - 1) / cfbSector
	for i := range n {
		next := uint32(end)
		if i+1 < n {
			next = uint32(2 + place(i+1))
		}
		le.PutUint32(table[4*(2+place(i)):], next)
		copy(b[(3+place(i))*cfbSector:(4+place(i))*cfbSector], make([]byte, cfbSector))
		copy(b[(3+place(i))*cfbSector:(4+place(i))*cfbSector], stream[i*cfbSector:])
	}
	for i, e := range []struct {
		name  string
		kind  byte
		child uint32
		start uint32
		size  int
	}{{"Root Entry", 5, 1, end, 0}, {name, 2, none, uint32(2 + place(0)), len(stream)}} {
		d := b[2*cfbSector+128*i:]
		for j, c := range utf16.Encode([]rune(e.name)) {
			le.PutUint16(d[2*j:], c)
		}
		le.PutUint16(d[64:], uint16(2*len(e.name)+2))
		d[66], d[67] = e.kind, 1
		le.PutUint32(d[68:], none)
		le.PutUint32(d[72:], none)
		le.PutUint32(d[76:], e.child)
		le.PutUint32(d[116:], e.start)
		le.PutUint32(d[120:], uint32(e.size))
	}
	return b
}

// record is a record of a workbook.
func record(id int, body []byte) []byte {
	head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(id)), uint16(len(body)))
	return append(head, body...)
}

// diskImage is a disk image of Apple's whose first sectors are compressed, in a way of that
// number, and whose rest is stored.
func diskImage(way uint32, packed []byte, sectors int, rest []byte) []byte {
	be := binary.BigEndian
	mish := make([]byte, 204)
	copy(mish, "mish\x00\x00\x00\x01")
	be.PutUint64(mish[16:], uint64(sectors+len(rest)/512))
	be.PutUint32(mish[200:], 3)
	at := 0
	for _, c := range []struct {
		way            uint32
		sectors, bytes int
	}{{way, sectors, len(packed)}, {1, len(rest) / 512, len(rest)}, {0xffffffff, 0, 0}} {
		b := make([]byte, 40)
		be.PutUint32(b, c.way)
		be.PutUint64(b[8:], uint64(at))
		be.PutUint64(b[16:], uint64(c.sectors))
		be.PutUint64(b[32:], uint64(c.bytes))
		if at += c.sectors; c.way == 1 {
			be.PutUint64(b[24:], uint64(len(packed)))
		}
		mish = append(mish, b...)
	}
	list := "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>resource-fork</key><dict><key>blkx</key><array><dict><key>Name</key><string>a</string>" +
		"<key>Data</key><data>" + base64.StdEncoding.EncodeToString(mish) + "</data></dict></array></dict></dict></plist>"
	koly := make([]byte, 512)
	copy(koly, "koly\x00\x00\x00\x04\x00\x00\x02\x00")
	be.PutUint64(koly[32:], uint64(len(packed)+len(rest)))
	be.PutUint64(koly[0xd8:], uint64(len(packed)+len(rest)))
	be.PutUint64(koly[0xe0:], uint64(len(list)))
	return slices.Concat(packed, rest, []byte(list), koly)
}

// TestDiskImage: an image that begins like a compressed file is not read as one that is
// broken.
func TestDiskImage(t *testing.T) {
	plain := random(4 * 512)
	rest := append(bytes.Repeat([]byte("x"), 512-len(marker)), marker...)
	for name, image := range map[string][]byte{
		"zlib":  diskImage(0x80000005, []byte(zlibOf(string(plain))), 4, rest),
		"lzfse": diskImage(0x80000007, append(append([]byte("bvx-\x00\x08\x00\x00"), plain...), "bvx$"...), 4, rest),
	} {
		r := scanString(t, newScanner(t, Config{}), mail(part{name: "a.dmg", body: image}))
		if r.Verdict != VerdictMalicious || len(uncheckedOf(r)) > 0 {
			t.Errorf("%s: %v, %+v", name, r.Verdict, uncheckedOf(r))
		}
		if i := slices.IndexFunc(r.Objects, func(o *Object) bool { return o.Type == "dmg" && o.Name() == "a.dmg" }); i < 0 {
			t.Errorf("%s: no image", name)
		}
	}
}

// TestCut: an archive that is cut into a compound file's sectors, or into records, is
// examined where it is whole; that it seems to be broken elsewhere is not said.
func TestCut(t *testing.T) {
	archive := zipped(t, part{name: "noise", body: random(9000)}, part{name: "a.txt", body: []byte(marker)}, part{name: "z", body: random(3000)})
	inOrder := func(i int) int { return i }
	swapped := func(i int) int { return i ^ 1 }
	workbook := slices.Concat(record(0x809, make([]byte, 16)), record(0xEC, archive[:2000]), record(0x5D, make([]byte, 26)),
		record(0x3C, archive[2000:10_000]), record(0x3C, archive[10_000:]), record(10, nil), make([]byte, 600))
	for name, body := range map[string][]byte{
		"sectors": compound("Data", archive, 40, swapped, nil),
		"records": compound("Workbook", workbook, 40, inOrder, nil),
		"free":    compound("Data", random(5000), 60, func(i int) int { return 59 - i }, append(make([]byte, 3*cfbSector), archive...)),
	} {
		t.Run(name, func(t *testing.T) {
			r := scanString(t, newScanner(t, Config{}), mail(part{name: "a.xls", body: body}))
			if r.Verdict != VerdictMalicious || len(uncheckedOf(r)) > 0 {
				t.Errorf("%v, %+v", r.Verdict, uncheckedOf(r))
			}
		})
	}
}
