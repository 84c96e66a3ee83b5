package installshield

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// InstallShield's own cabinets: a list, mostly in a file of its own (data1.hdr), and
// volumes (data1.cab, data2.cab, …). There is no specification; the layout is known
// from the Unshield project's headers.
const (
	cabMagic = 0x28635349 // "ISc("
	cabHead  = 20         // magic, version, volume, offset and size of the list
	entry5   = 0x2e       // bytes of an entry that are read, up to version 5
	entry6   = 0x57       // and from version 6 on
	volume5  = 40         // bytes of a volume's head behind the common one
	volume6  = 64
)

// Flags of a file in a cabinet.
const (
	shieldSplit   = 1 // it goes on in the next volume
	shieldHidden  = 2 // its bytes are encoded
	shieldPacked  = 4
	shieldInvalid = 8
	shieldLinked  = 1 // of the other flags: its bytes are another entry's
)

// Bounds of a list, whose entries may all share their bytes.
const (
	maxShieldEntries = 100_000
	maxShieldParts   = 100_000 // parts of split files
)

// maxLinks is how many entries are followed to find one with bytes.
const maxLinks = 8

func isCab(b []byte) bool {
	return len(b) >= cabHead && binary.LittleEndian.Uint32(b) == cabMagic && (b[7] == 1 || b[7] == 2 || b[7] == 4)
}

// shieldVersion is the major version that a head's number stands for.
func shieldVersion(v uint32) int {
	if v>>24 == 1 {
		return int(v >> 12 & 15)
	}
	return int(v&0xffff) / 100
}

// openCab opens a cabinet that has its list in itself. Without the list
// nothing is known of what is in a volume.
func openCab(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	s := &level.Steps{}
	whole := saferead.Section(src, 0, size, size)
	own := func(n int) *io.SectionReader {
		if n == 1 {
			return whole
		}
		return nil
	}
	if c := newCab(s, whole, own, l.NameBytes); c != nil {
		if c.alone() {
			return nil, level.ErrFormat // a list without the volumes holds no files
		}
		s.Then(c.entry)
		return s, nil
	}
	s.Yield(&level.Member{Size: -1, Err: fmt.Errorf("cabinet without its list: %w", level.ErrUnsupported)}, nil)
	return s, nil
}

// cab yields the files that a list names.
type cab struct {
	s       *level.Steps
	f       *input.Fields
	volume  func(n int) *io.SectionReader // nil if it is not there
	maxName int
	version int
	table   int64 // offset of the table of entries
	entries int64 // offset of the entries, from version 6 on
	folders int64
	count   int64
	at      int64 // the next entry
	split   int   // parts that were looked up
}

// newCab reads the head of a list, nil if there is none.
func newCab(s *level.Steps, list *io.SectionReader, volume func(int) *io.SectionReader, maxName int) *cab {
	f := input.NewFields(list, list.Size())
	f.Skip(4)
	c := &cab{s: s, f: f, volume: volume, maxName: maxName, version: shieldVersion(f.U32())}
	f.Skip(4)
	from, size := int64(f.U32()), f.U32()
	if size == 0 || f.Short {
		return nil
	}
	f.Off = from
	f.Skip(0xc)
	c.table = from + int64(f.U32())
	f.Skip(0xc)
	c.folders = int64(f.U32())
	f.Skip(8)
	c.count = int64(f.U32())
	c.entries = c.table + int64(f.U32())
	if f.Short || f.Err != nil {
		return nil
	}
	return c
}

// alone says that a list is in a file of its own: the head does not say that data
// follow in it.
func (c *cab) alone() bool {
	c.f.Off = cabHead
	data := int64(c.f.U32())
	return data < cabHead || data >= c.f.Size
}

// cabEntry is one file of a list.
type cabEntry struct {
	flags        uint16
	size, packed int64
	off          int64 // in its volume
	name, folder int64 // places of the name, behind the table; number of the folder
	volume       int
	linked       bool
	previous     int64 // the entry that it is linked to
}

// read reads the i-th entry.
func (c *cab) read(i int64) (e cabEntry, ok bool) {
	f := c.f
	f.Short = false
	if c.version < 6 {
		f.Off = c.table + 4*(c.folders+i)
		f.Off = c.table + int64(f.U32())
		e.name, e.folder, e.flags = int64(f.U32()), int64(f.U32()), f.U16()
		e.size, e.packed = int64(f.U32()), int64(f.U32())
		f.Skip(0x14)
		e.off, e.volume = int64(f.U32()), 1
		return e, !f.Short && f.Err == nil
	}
	f.Off = c.entries + entry6*i
	e.flags, e.size, e.packed, e.off = f.U16(), device.OffsetOf(f.U64()), device.OffsetOf(f.U64()), device.OffsetOf(f.U64())
	f.Skip(32) // its MD5, and what is not known
	e.name, e.folder = int64(f.U32()), int64(f.U16())
	f.Skip(12)
	e.previous = int64(f.U32())
	f.Skip(4)
	e.linked = f.U8()&shieldLinked != 0
	e.volume = int(f.U16())
	return e, !f.Short && f.Err == nil
}

// entry yields the next file.
func (c *cab) entry() error {
	for c.at < c.count {
		if c.at == maxShieldEntries || c.split > maxShieldParts {
			return fmt.Errorf("entries of a cabinet: %w", level.ErrLimit)
		}
		i := c.at
		c.at++
		e, ok := c.read(i)
		if !ok {
			c.s.Note(anomaly.Truncated)
			return fmt.Errorf("list of a cabinet: %w", level.ErrMalformed)
		}
		m := &level.Member{Method: "stored", Size: e.size}
		c.addName(m, e)
		for range maxLinks {
			if !e.linked || e.previous >= i {
				break
			}
			i = e.previous
			if e, ok = c.read(i); !ok {
				break
			}
		}
		if !ok || e.flags&shieldInvalid != 0 || e.off == 0 || len(m.Names) == 0 {
			continue // a place that is not used
		}
		c.s.Then(c.entry)
		c.s.Yield(m, c.body(m, i, e))
		return nil
	}
	return nil
}

// addName gives a member the path that an entry stands for.
func (c *cab) addName(m *level.Member, e cabEntry) {
	name := c.text(e.name)
	if e.name == 0 || name == "" {
		return
	}
	if e.folder < c.folders {
		c.f.Off = c.table + 4*e.folder
		if folder := c.text(int64(c.f.U32())); folder != "" {
			name = folder + `\` + name
		}
	}
	level.AddName(m, name, c.maxName)
}

func (c *cab) text(place int64) string {
	f := c.f
	f.Off = c.table + place
	if c.version < 17 {
		return text.DecodeANSI(f.CString(shieldText, shieldText), text.CodePage(0))
	}
	return text.UTF16Name(f.Some(min(2*shieldText, max(0, f.Left())), 2*shieldText))
}

// body is the file's bytes; nil, and m has the reason, if its volume is missing.
func (c *cab) body(m *level.Member, i int64, e cabEntry) io.Reader {
	parts, n := c.parts(i, e)
	if len(parts) == 0 {
		m.Err = fmt.Errorf("volume %d is not there: %w", e.volume, level.ErrUnsupported)
		return nil
	}
	if n < e.stored() {
		level.Note(m, anomaly.Truncated)
	}
	r := io.MultiReader(parts...)
	if e.flags&shieldHidden != 0 {
		r = &unhide{r: r}
	}
	if e.flags&shieldPacked == 0 {
		return &level.Plain{R: &level.Marked{R: r}}
	}
	m.Method = "deflate"
	return &chunks{in: bufio.NewReaderSize(&level.Marked{R: r}, 4<<10), want: e.size}
}

// stored is the number of bytes in the volumes.
func (e *cabEntry) stored() int64 {
	if e.flags&shieldPacked != 0 {
		return e.packed
	}
	return e.size
}

// parts returns where a file's bytes are, and how many there are.
func (c *cab) parts(i int64, e cabEntry) (parts []io.Reader, n int64) {
	want := e.stored()
	for v := e.volume; c.split <= maxShieldParts; v++ {
		volume := c.volume(v)
		if volume == nil {
			break
		}
		c.split++
		off, size := e.off, want
		split, behind := c.part(volume, i, e)
		switch {
		case behind && n == 0:
			continue
		case split.N > 0:
			off, size = split.Off, split.N
		case n > 0:
			return parts, n
		}
		part := saferead.Section(volume, off, min(size, want-n), volume.Size())
		if part.Size() == 0 && want > 0 {
			break
		}
		parts, n = append(parts, part), n+part.Size()
		if n >= want {
			break
		}
	}
	return parts, n
}

// part is what a volume says that it holds of a file that is split; nothing for one
// that is not. Up to version 5, entries have no volume: a file may be behind the
// last one in this.
func (c *cab) part(volume *io.SectionReader, i int64, e cabEntry) (split device.Extent, behind bool) {
	f := input.NewFields(volume, volume.Size())
	f.Skip(cabHead)
	word := func() int64 {
		if c.version < 6 {
			return int64(f.U32())
		}
		return device.OffsetOf(f.U64())
	}
	word()
	if c.version < 6 {
		f.Skip(4)
	}
	firstIndex, lastIndex := int64(f.U32()), int64(f.U32())
	row := func() device.Extent {
		x := device.Extent{Off: word()}
		plain, packed := word(), word()
		if x.N = packed; e.flags&shieldPacked == 0 {
			x.N = plain
		}
		return x
	}
	first, last := row(), row()
	switch {
	case f.Short:
	case c.version < 6 && i > lastIndex && last.Off > 0:
		return device.Extent{}, true
	case e.flags&shieldSplit == 0 && c.version >= 6:
	case i == lastIndex && last.Off > 0:
		return last, false
	case i == firstIndex:
		return first, false
	}
	return device.Extent{}, false
}

// unhide decodes hidden bytes.
type unhide struct {
	r  io.Reader
	at int // in the key, which is a number from 0 to 0x46
}

func (u *unhide) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	for i, c := range p[:n] {
		p[i] = bits.RotateLeft8(c^0xd5, -2) - byte(u.at)
		if u.at++; u.at == 0x47 {
			u.at = 0
		}
	}
	return n, err
}

// chunks inflates the chunks of a file, each with its length before it.
type chunks struct {
	in   *bufio.Reader
	want int64 // declared size
	got  int64
	from int64 // got when the present chunk began
	z    io.ReadCloser
	part input.Limited // of the present chunk
	err  error         // sticky
}

func (c *chunks) Read(p []byte) (int, error) {
	for c.err == nil {
		if c.part.R == nil {
			c.err = c.next()
			continue
		}
		n, err := c.z.Read(p)
		c.got += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF && c.part.Left == 0 {
			err = c.endChunk()
		}
		if err == io.EOF {
			c.err = err
		} else if err != nil {
			c.err = level.BodyError(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, c.err
}

// endChunk goes behind the present chunk. One without content is the end, or a
// fault: there could be millions.
func (c *chunks) endChunk() error {
	_, err := io.Copy(io.Discard, &c.part)
	c.part.R = nil
	switch {
	case err != nil || c.got > c.from:
		return err
	case c.got < c.want:
		return fmt.Errorf("chunk without content: %w", level.ErrMalformed)
	}
	return io.EOF
}

// next opens the next chunk.
func (c *chunks) next() error {
	var h [2]byte
	n, err := io.ReadFull(c.in, h[:])
	switch {
	case n == 0 && err == io.EOF && c.got < c.want:
		return level.BodyError(io.ErrUnexpectedEOF)
	case n == 0 && err == io.EOF:
		return io.EOF
	case err != nil:
		return level.BodyError(err)
	}
	c.from = c.got
	c.part = input.Limited{R: c.in, Left: int64(binary.LittleEndian.Uint16(h[:]))}
	if c.z == nil {
		c.z = flate.NewReader(&c.part)
		return nil
	}
	return c.z.(flate.Resetter).Reset(&c.part, nil)
}
