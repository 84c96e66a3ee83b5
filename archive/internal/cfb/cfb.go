package cfb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// CfbMagic begins a compound file ([MS-CFB] section 2.2).
const CfbMagic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// Fixed parts of a compound file, in bytes.
const (
	header        = 512
	headerFAT     = 109  // FAT sectors that the header lists
	CfbMiniCutoff = 4096 // streams below it are in the mini stream
)

// Sector numbers with a meaning of their own ([MS-CFB] section 2.1). cfbLost is
// ours, for a sector whose entry in the FAT could not be read.
const (
	cfbMaxSector = 0xFFFFFFFA
	cfbLost      = 0xFFFFFFFB
	EndOfChain   = 0xFFFFFFFE
)

// File is a compound file: a file system of chained sectors in one file. No
// reader in the field checks all of it, so whatever is damaged is guessed as long
// as there is a guess, and noted.
type File struct {
	Src     io.ReaderAt
	Size    int64
	base    int64  // offset of sector 0
	Shift   uint   // log2 of a sector's bytes
	mshift  uint   // log2 of a mini sector's bytes
	cutoff  int64  // size from which a stream has sectors of its own
	sectors uint32 // in the file; the last may be cut
	fat     []uint32
	miniFAT []uint32
	mini    *Stream // the root's: what the mini sectors are cut from
	Entries []entry
	work    int64            // links that may still be followed
	used    uint32           // sectors up to the last one that something refers to
	Over    error            // the directory has more entries than are read
	labels  map[int32]string // names that paths use instead of the entries'
	Notes   []string         // anomalies
}

// Open reads the allocation tables and the directory. maxEntries bounds the latter.
func Open(src io.ReaderAt, size int64, maxEntries int) (*File, error) {
	h, err := saferead.UpTo(src, 0, header, size, header)
	if err != nil {
		return nil, err
	}
	if len(h) < len(CfbMagic) || string(h[:8]) != CfbMagic {
		return nil, level.ErrFormat
	}
	if len(h) < header {
		return nil, fmt.Errorf("header: %w", level.Truncated(io.ErrUnexpectedEOF))
	}
	c := &File{Src: src, Size: size}
	c.geometry(h)
	if err := c.readFAT(h); err != nil {
		return nil, err
	}
	if err := c.readDirectory(binary.LittleEndian.Uint32(h[48:]), maxEntries); err != nil {
		return nil, err
	}
	return c, c.readMini(binary.LittleEndian.Uint32(h[60:]))
}

func (c *File) note(name string) { c.Notes = level.NoteOnce(c.Notes, name) }

// geometry reads the sizes of sectors.
//
// QUIRK: [MS-CFB] section 2.2 knows sectors of 512 and 4,096 bytes and mini
// sectors of 64; 7-Zip and LibreOffice take what the header says.
func (c *File) geometry(h []byte) {
	c.Shift = uint(binary.LittleEndian.Uint16(h[30:]))
	if c.Shift < 6 || c.Shift > 16 {
		c.Shift = 9
		if binary.LittleEndian.Uint16(h[26:]) == 4 {
			c.Shift = 12
		}
		c.note(anomaly.OLEHeader)
	}
	c.mshift = uint(binary.LittleEndian.Uint16(h[32:]))
	if c.mshift < 2 || c.mshift > c.Shift {
		c.mshift = 6
		c.note(anomaly.OLEHeader)
	}
	c.cutoff = int64(binary.LittleEndian.Uint32(h[56:]))
	if c.cutoff != CfbMiniCutoff {
		c.note(anomaly.OLEHeader)
	}
	c.base = max(header, int64(1)<<c.Shift)
	n := (max(0, c.Size-c.base) + 1<<c.Shift - 1) >> c.Shift
	c.sectors = uint32(min(n, cfbMaxSector))
	c.work = 4<<20 + 16*c.Size
}

func (c *File) offset(sector uint32) int64 { return c.base + int64(sector)<<c.Shift }

// readFAT loads as much of the file allocation table as the file's sectors need.
// Where a sector of it is out of reach, its entries are lost.
func (c *File) readFAT(h []byte) error {
	per := 1 << (c.Shift - 2)
	buf := make([]byte, 1<<c.Shift)
	list := difat{c: c, links: h[76:header], next: binary.LittleEndian.Uint32(h[68:])}
	for len(c.fat) < int(c.sectors) {
		sector, ok, err := list.sector()
		if err != nil {
			return err
		}
		n := 0
		if ok && sector < c.sectors {
			c.used = max(c.used, sector+1)
			if n, err = c.Src.ReadAt(buf, c.offset(sector)); err != nil && err != io.EOF {
				return err
			}
		}
		if n < len(buf) {
			c.note(anomaly.OLEChain)
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
	c     *File
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
		n := 1 << d.c.Shift
		b, err := saferead.UpTo(d.c.Src, d.c.offset(d.next), int64(n), d.c.Size, n)
		if err != nil {
			return 0, false, err
		}
		if len(b) < n {
			d.next = EndOfChain
			return 0, false, nil
		}
		d.links, d.next = b[:n-4], binary.LittleEndian.Uint32(b[n-4:])
	}
	s := binary.LittleEndian.Uint32(d.links)
	d.links = d.links[4:]
	return s, s < d.c.sectors, nil
}

// readMini loads the mini FAT and finds the mini stream.
func (c *File) readMini(first uint32) error {
	if len(c.Entries) == 0 {
		return nil
	}
	root := &c.Entries[0]
	// The size of the root is not asked: a mini sector behind it is still there.
	mini, err := c.follow(root.start, math.MaxInt64)
	if err != nil {
		return err
	}
	c.mini = mini
	table, err := c.follow(first, (mini.Size>>c.mshift+1)*4)
	if err != nil {
		return err
	}
	buf := make([]byte, 4<<10)
	for off := int64(0); off < table.Size; off += int64(len(buf)) {
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
