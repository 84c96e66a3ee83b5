package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestUDFTools(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disc.iso")
	archivetest.Run(t, "genisoimage", "-quiet", "-udf", "-J", "-o", image, archivetest.Plant(t, archivetest.TreeFiles()))
	archivetest.CheckTree(t, UDF, archivetest.Slurp(t, image), archivetest.TreeFiles())
}

// TestUDFEmpty reads what mkudffs makes for each kind of medium and revision.
func TestUDFEmpty(t *testing.T) {
	for _, kind := range []string{
		"hd 1.02", "hd 1.50", "hd 2.01", "dvd 1.02", "dvdram 2.01", "dvdrw 1.50", "dvdrw 2.01",
		"cdrw 1.50", "cdrw 2.01", "cdr 1.50", "cdr 2.01", "dvdr 1.50", "dvdr 2.01", "bdr 2.50", "bdr 2.60",
	} {
		t.Run(kind, func(t *testing.T) {
			media, rev, _ := strings.Cut(kind, " ")
			image := filepath.Join(t.TempDir(), "udf.img")
			archivetest.Run(t, "mkudffs", "--new-file", "--media-type="+media, "--udfrev="+rev, image, "16384")
			// The bad blocks of a rewritable disc are a file, which is empty.
			archivetest.CheckTree(t, UDF, archivetest.Slurp(t, image), map[string]string{"Non-Allocatable Space": ""}, archivetest.Optional)
		})
	}
}

// udfTree is a forged volume with a directory, a link and a deleted file.
func udfTree(u *udfForge) []byte {
	body := []byte(archivetest.Payload)
	if u.adKind != 3 {
		body = []byte(strings.Repeat("0123456789abcdef", 400) + archivetest.Payload)
	}
	js := u.entry(5, body)
	old := u.entry(5, []byte("deleted"))
	sub := u.entry(udfKindDir, u.fid(u.fid(nil, udfCharDir|udfCharParent, "", 1), 0, "p.js", js))
	dir := u.fid(nil, udfCharDir|udfCharParent, "", 1)
	dir = u.fid(dir, udfCharDir, "sub", sub)
	dir = u.fid(dir, 0, "link.js", js)
	dir = u.fid(dir, udfCharDeleted, "old.js", old)
	dir = u.fid(dir, udfCharDir, "loop", 1)
	u.entryAt(1, udfKindDir, dir)
	return u.finish(1)
}

func checkUDFTree(t *testing.T, image []byte) {
	t.Helper()
	all, r, err := archivetest.ReadAll(t, UDF, image)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	g := all[0]
	if !archivetest.Holds(all) || g.Fault != nil || !slices.Equal(g.Names, []string{"link.js", "sub/p.js"}) || len(archivetest.NoteNames(all, r)) > 0 {
		t.Errorf("%q, %d bytes, %v, %v", g.Names, len(g.Data), g.Fault, archivetest.NoteNames(all, r))
	}
}

func TestUDFForged(t *testing.T) {
	for kind := range uint16(4) {
		for _, extended := range []bool{false, true} {
			t.Run(fmt.Sprintf("ad%d-%t", kind, extended), func(t *testing.T) {
				u := newUDFForge()
				u.adKind, u.extended = kind, extended
				checkUDFTree(t, udfTree(u))
			})
		}
	}
	t.Run("continued", func(t *testing.T) {
		u := newUDFForge()
		u.split = true
		checkUDFTree(t, udfTree(u))
	})
	for _, n := range []int64{512, udfForgeBlocks - 1, udfForgeBlocks - 257} {
		t.Run(fmt.Sprintf("anchor-%d", n), func(t *testing.T) {
			u := newUDFForge()
			u.anchors = []int64{n}
			image := udfTree(u)
			archivetest.CheckTree(t, UDF, image, nil, archivetest.AnyFiles)
			checkUDFTree(t, image)
		})
	}
}

func TestUDFVirtual(t *testing.T) {
	for _, rev := range []int{150, 200} {
		u := newUDFForge()
		u.adKind, u.ref = 1, 0
		u.maps = append(u.maps, typeTwo("*UDF Virtual Partition")...)
		u.nmaps = 2
		js := u.entry(5, []byte(archivetest.Payload))
		dir := u.entry(udfKindDir, func() []byte {
			u.ref = 1
			defer func() { u.ref = 0 }()
			return u.fid(nil, 0, "p.js", 2)
		}())
		// Virtual blocks: 0 the file set, 1 the root, 2 the file.
		table := []byte{}
		for _, block := range []uint32{0, dir, js} {
			table = binary.LittleEndian.AppendUint32(table, block)
		}
		kind := byte(0)
		if rev == 150 {
			id := make([]byte, 36)
			copy(id[1:], "*UDF Virtual Alloc Tbl")
			table = append(table, id...)
		} else {
			kind = 248
			head := make([]byte, 152)
			head[0] = 152
			table = append(head, table...)
		}
		u.adKind = 3
		last := u.entry(kind, table)
		u.ref = 1
		image := u.finish(1)[:(udfForgeStart+int(last)+1)*udfForgeBlock]
		all, _, err := archivetest.ReadAll(t, UDF, image)
		if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload {
			t.Errorf("%d: %d members, %v", rev, len(all), err)
		}
	}
}

func TestUDFMetadata(t *testing.T) {
	u := newUDFForge()
	u.adKind = 0
	js := u.entry(5, []byte(archivetest.Payload)) // becomes block 3 of the metadata
	var area uint32 = 64
	m := typeTwo("*UDF Metadata Partition")
	u.maps, u.nmaps = append(u.maps, m...), 2
	meta := u.alloc(1)
	binary.LittleEndian.PutUint32(u.maps[6+40:], 500) // a main file that is not there
	binary.LittleEndian.PutUint32(u.maps[6+44:], meta)
	u.next = area
	body := u.alloc(4)
	u.entryAt(meta, 250, nil)
	b := u.block(meta)
	ads := u.ad(nil, 4*udfForgeBlock, body)
	binary.LittleEndian.PutUint64(b[56:], 4*udfForgeBlock)
	binary.LittleEndian.PutUint32(b[172:], uint32(len(ads)))
	copy(b[176:], ads)
	udfSeal(b, udfFileEntry, meta)
	u.ref, u.adKind = 1, 3
	u.entryAt(body+1, udfKindDir, u.fid(nil, 0, "p.js", 2))
	copy(u.block(body+2), u.block(js))
	// A short descriptor means the partition of its entry; use a long one.
	f := u.block(body + 2)
	n, at := device.LE32(f, 176), device.LE32(f, 180)
	putLongAD(f[176:], n, at, 0)
	binary.LittleEndian.PutUint16(f[34:], 1)
	binary.LittleEndian.PutUint32(f[172:], 16)
	image := u.finish(1)
	copy(u.block(body), u.block(0))
	all, _, err := archivetest.ReadAll(t, UDF, image)
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
}

func TestUDFSparable(t *testing.T) {
	u := newUDFForge()
	m := typeTwo("*UDF Sparable Partition")
	binary.LittleEndian.PutUint16(m[40:], 4)
	m[42] = 1
	binary.LittleEndian.PutUint32(m[48:], 280)
	u.maps = m
	u.next = 8
	image := udfTree(u)
	// The packet of block 8 has moved to sector 900.
	copy(u.disc[900*udfForgeBlock:], u.disc[(udfForgeStart+8)*udfForgeBlock:][:4*udfForgeBlock])
	clear(u.disc[(udfForgeStart+8)*udfForgeBlock:][:4*udfForgeBlock])
	table := u.sector(280)
	copy(table[17:], "*UDF Sparing Table")
	table[48] = 1
	binary.LittleEndian.PutUint32(table[56:], 8)
	binary.LittleEndian.PutUint32(table[60:], 900)
	checkUDFTree(t, image)
}

func TestUDFStreamsAndVersions(t *testing.T) {
	u := newUDFForge()
	u.extended, u.adKind = true, 3
	inner := u.entry(5, []byte(archivetest.Payload))
	streams := u.entry(13, u.fid(nil, 0, "stream", inner))
	file := u.entry(5, []byte("file"))
	putLongAD(u.block(file)[152:], udfForgeBlock, streams, 0)
	udfSeal(u.block(file), udfExtendedEntry, file)
	old := u.entry(5, []byte("old"))
	next := u.alloc(1)
	newer := u.entry(5, []byte("newer"))
	binary.LittleEndian.PutUint16(u.block(old)[20:], udfLinked)
	putLongAD(u.block(next)[36:], udfForgeBlock, newer, 0)
	udfSeal(u.block(next), udfIndirect, next)
	u.entryAt(1, udfKindDir, u.fid(u.fid(nil, 0, "f", file), 0, "v", old))
	all, _, err := archivetest.ReadAll(t, UDF, u.finish(1))
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, map[string]string{"f": "file", "f:/stream": archivetest.Payload, "v": "newer"}, archivetest.AnyFiles)
}

func TestUDFBroken(t *testing.T) {
	u := newUDFForge()
	u.maps[0], u.maps[1] = 7, 6 // no such kind
	all, _, err := archivetest.ReadAll(t, UDF, udfTree(u))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrUnsupported) {
		t.Errorf("%d members, %v", len(all), err)
	}
	u = newUDFForge()
	image := udfTree(u)
	clear(u.sector(258))
	all, _, err = archivetest.ReadAll(t, UDF, image)
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrMalformed) {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// TestUDFJudge: 7-Zip reads the forge's volumes as we do.
func TestUDFJudge(t *testing.T) {
	for _, kind := range []uint16{0, 1, 3} { // it refuses extended descriptors
		for _, extended := range []bool{false, true} {
			u := newUDFForge()
			u.adKind, u.extended = kind, extended
			js := u.entry(5, []byte(archivetest.Payload))
			sub := u.entry(udfKindDir, u.fid(u.fid(nil, udfCharDir|udfCharParent, "", 1), 0, "p.js", js))
			u.entryAt(1, udfKindDir, u.fid(u.fid(nil, udfCharDir|udfCharParent, "", 1), udfCharDir, "sub", sub))
			image := u.finish(1)
			if got := archivetest.Extracted(t, image, ".udf"); got["sub/p.js"] != archivetest.Payload {
				t.Errorf("descriptors %d, extended %t: 7-Zip extracts %q", kind, extended, got)
			}
			archivetest.CheckTree(t, UDF, image, map[string]string{"sub/p.js": archivetest.Payload})
		}
	}
}
