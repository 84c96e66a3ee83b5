package archive

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// cfbMagic begins a compound file ([MS-CFB] section 2.2).
const cfbMagic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// Fixed parts of a compound file, in bytes.
const (
	cfbHeader     = 512
	cfbHeaderFAT  = 109  // FAT sectors that the header lists
	cfbMiniCutoff = 4096 // streams below it are in the mini stream
)

// Sector numbers with a meaning of their own ([MS-CFB] section 2.1). cfbLost is
// ours, for a sector whose entry in the FAT could not be read.
const (
	cfbMaxSector = 0xFFFFFFFA
	cfbLost      = 0xFFFFFFFB
	cfbEnd       = 0xFFFFFFFE
)

// cfb is a compound file: a file system of chained sectors in one file. No
// reader in the field checks all of it, so whatever is damaged is guessed as long
// as there is a guess, and noted.
type cfb struct {
	src     io.ReaderAt
	size    int64
	base    int64  // offset of sector 0
	shift   uint   // log2 of a sector's bytes
	mshift  uint   // log2 of a mini sector's bytes
	cutoff  int64  // size from which a stream has sectors of its own
	sectors uint32 // in the file; the last may be cut
	fat     []uint32
	miniFAT []uint32
	mini    *cfbStream // the root's: what the mini sectors are cut from
	entries []cfbEntry
	work    int64            // links that may still be followed
	used    uint32           // sectors up to the last one that something refers to
	over    error            // the directory has more entries than are read
	labels  map[int32]string // names that paths use instead of the entries'
	notes   []string         // anomalies
}

// openCFB reads the allocation tables and the directory. maxEntries bounds the latter.
func openCFB(src io.ReaderAt, size int64, maxEntries int) (*cfb, error) {
	h, err := saferead.UpTo(src, 0, cfbHeader, size, cfbHeader)
	if err != nil {
		return nil, err
	}
	if len(h) < len(cfbMagic) || string(h[:8]) != cfbMagic {
		return nil, ErrFormat
	}
	if len(h) < cfbHeader {
		return nil, fmt.Errorf("header: %w", truncated(io.ErrUnexpectedEOF))
	}
	c := &cfb{src: src, size: size}
	c.geometry(h)
	if err := c.readFAT(h); err != nil {
		return nil, err
	}
	if err := c.readDirectory(binary.LittleEndian.Uint32(h[48:]), maxEntries); err != nil {
		return nil, err
	}
	return c, c.readMini(binary.LittleEndian.Uint32(h[60:]))
}

func (c *cfb) note(name string) { c.notes = noteOnce(c.notes, name) }

// geometry reads the sizes of sectors.
//
// QUIRK: [MS-CFB] section 2.2 knows sectors of 512 and 4,096 bytes and mini
// sectors of 64; 7-Zip and LibreOffice take what the header says.
func (c *cfb) geometry(h []byte) {
	c.shift = uint(binary.LittleEndian.Uint16(h[30:]))
	if c.shift < 6 || c.shift > 16 {
		c.shift = 9
		if binary.LittleEndian.Uint16(h[26:]) == 4 {
			c.shift = 12
		}
		c.note(AnomalyOLEHeader)
	}
	c.mshift = uint(binary.LittleEndian.Uint16(h[32:]))
	if c.mshift < 2 || c.mshift > c.shift {
		c.mshift = 6
		c.note(AnomalyOLEHeader)
	}
	c.cutoff = int64(binary.LittleEndian.Uint32(h[56:]))
	if c.cutoff != cfbMiniCutoff {
		c.note(AnomalyOLEHeader)
	}
	c.base = max(cfbHeader, int64(1)<<c.shift)
	n := (max(0, c.size-c.base) + 1<<c.shift - 1) >> c.shift
	c.sectors = uint32(min(n, cfbMaxSector))
	c.work = 4<<20 + 16*c.size
}

func (c *cfb) offset(sector uint32) int64 { return c.base + int64(sector)<<c.shift }

// readFAT loads as much of the file allocation table as the file's sectors need.
// Where a sector of it is out of reach, its entries are lost.
func (c *cfb) readFAT(h []byte) error {
	per := 1 << (c.shift - 2)
	buf := make([]byte, 1<<c.shift)
	list := difat{c: c, links: h[76:cfbHeader], next: binary.LittleEndian.Uint32(h[68:])}
	for len(c.fat) < int(c.sectors) {
		sector, ok, err := list.sector()
		if err != nil {
			return err
		}
		n := 0
		if ok && sector < c.sectors {
			c.used = max(c.used, sector+1)
			if n, err = c.src.ReadAt(buf, c.offset(sector)); err != nil && err != io.EOF {
				return err
			}
		}
		if n < len(buf) {
			c.note(AnomalyOLEChain)
		}
		for i := 0; i < per && len(c.fat) < int(c.sectors); i++ {
			link := uint32(cfbLost)
			if 4*i+4 <= n {
				link = binary.LittleEndian.Uint32(buf[4*i:])
			}
			c.fat = append(c.fat, link)
		}
	}
	return nil
}

// difat lists the sectors of the FAT: those in the header, then those in a chain
// of sectors that end with the next one's number ([MS-CFB] section 2.5).
type difat struct {
	c     *cfb
	links []byte // not read yet, of the header or of the present sector
	next  uint32
	read  uint32 // sectors of the chain that were read
}

// sector returns the next sector of the FAT; false if there is none.
func (d *difat) sector() (uint32, bool, error) {
	if len(d.links) == 0 {
		if d.next >= d.c.sectors || d.read > d.c.sectors {
			return 0, false, nil
		}
		d.read++
		d.c.used = max(d.c.used, d.next+1)
		n := 1 << d.c.shift
		b, err := saferead.UpTo(d.c.src, d.c.offset(d.next), int64(n), d.c.size, n)
		if err != nil {
			return 0, false, err
		}
		if len(b) < n {
			d.next = cfbEnd
			return 0, false, nil
		}
		d.links, d.next = b[:n-4], binary.LittleEndian.Uint32(b[n-4:])
	}
	s := binary.LittleEndian.Uint32(d.links)
	d.links = d.links[4:]
	return s, s < d.c.sectors, nil
}

// readMini loads the mini FAT and finds the mini stream.
func (c *cfb) readMini(first uint32) error {
	if len(c.entries) == 0 {
		return nil
	}
	root := &c.entries[0]
	// The size of the root is not asked: a mini sector behind it is still there.
	mini, err := c.follow(root.start, math.MaxInt64)
	if err != nil {
		return err
	}
	c.mini = mini
	table, err := c.follow(first, (mini.size>>c.mshift+1)*4)
	if err != nil {
		return err
	}
	buf := make([]byte, 4<<10)
	for off := int64(0); off < table.size; off += int64(len(buf)) {
		n, err := table.ReadAt(buf, off)
		if err != nil && err != io.EOF {
			return err
		}
		for i := 0; i+4 <= n; i += 4 {
			c.miniFAT = append(c.miniFAT, binary.LittleEndian.Uint32(buf[i:]))
		}
	}
	return nil
}
