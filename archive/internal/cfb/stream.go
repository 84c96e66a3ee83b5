package cfb

import (
	"fmt"
	"io"
	"sort"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Stream is the bytes of a chain of sectors.
type Stream struct {
	src  io.ReaderAt // the file, or the mini stream
	runs []run       // ascending in the stream, without holes
	Size int64       // what the chain holds, at most the declared size
	// Cut says that the chain ends before the declared size; lost that it was
	// broken and went on by guess.
	Cut, Lost bool

	Short *Stream // what the other place has of it, where that is cut; else nil
}

// maxRuns bounds the runs of one stream, whatever a sector's size is: in a file of 100 MiB
// there are 204,800 sectors.
const maxRuns = 1 << 20

// run is a run of adjacent sectors.
type run struct {
	from int64 // in the stream
	at   int64 // in the source
	n    int64
}

// Open returns an entry's bytes. Which of two places they are in depends on the
// size; where that place has less than the other, the other counts, and most readers
// take what there is.
func (c *File) Open(e *entry) (*Stream, error) {
	if e.Size == 0 {
		return &Stream{src: c.Src}, nil
	}
	mini := e.Size < c.cutoff
	s, err := c.openIn(e, mini)
	if err != nil || !s.Cut {
		return s, err
	}
	// QUIRK: [MS-CFB] section 2.2 fixes the border at 4,096 bytes; LibreOffice and
	// libgsf take the header's, Windows its own.
	other, err := c.openIn(e, !mini)
	if err != nil || other.Size <= s.Size {
		return s, err
	}
	if s.Size > 0 {
		other.Short = s
	}
	return other, nil
}

func (c *File) openIn(e *entry, mini bool) (*Stream, error) {
	if mini {
		return c.followMini(e.start, e.Size)
	}
	return c.follow(e.start, e.Size)
}

// follow collects the sectors of a chain up to size bytes. A loop ends where it
// has used up the number of sectors that there are.
func (c *File) follow(first uint32, size int64) (*Stream, error) {
	s := &Stream{src: c.Src}
	unit := int64(1) << c.Shift
	for sector, n := first, uint32(0); s.Size < size && n < c.sectors; n++ {
		if sector >= c.sectors {
			s.Lost = s.Lost || sector < cfbMaxSector
			break
		}
		c.used = max(c.used, sector+1)
		at := c.offset(sector)
		s.add(at, min(unit, c.Size-at, size-s.Size))
		if c.work -= unit; c.work < 0 || len(s.runs) > maxRuns {
			return nil, fmt.Errorf("links between sectors: %w", level.ErrLimit)
		}
		sector = s.step(c.fat, sector)
	}
	s.Cut = s.Size < size
	return s, nil
}

// step returns the sector that follows in a table. Where its entry could not be
// read, writers have most likely put the stream into adjacent sectors.
func (s *Stream) step(table []uint32, sector uint32) uint32 {
	if sector < uint32(len(table)) && table[sector] != cfbLost {
		return table[sector]
	}
	s.Lost = true
	return sector + 1
}

// followMini is follow for the mini stream.
func (c *File) followMini(first uint32, size int64) (*Stream, error) {
	s := &Stream{src: c.mini}
	if c.mini == nil {
		s.Cut = true
		return s, nil
	}
	unit := int64(1) << c.mshift
	count := uint32(min((c.mini.Size+unit-1)>>c.mshift, cfbMaxSector))
	for sector, n := first, uint32(0); s.Size < size && n < count; n++ {
		if sector >= count {
			s.Lost = s.Lost || sector < cfbMaxSector
			break
		}
		at := int64(sector) << c.mshift
		s.add(at, min(unit, c.mini.Size-at, size-s.Size))
		if c.work -= unit; c.work < 0 || len(s.runs) > maxRuns {
			return nil, fmt.Errorf("links between sectors: %w", level.ErrLimit)
		}
		sector = s.step(c.miniFAT, sector)
	}
	s.Cut = s.Size < size
	return s, nil
}

// Tail is where in the file the sectors end that anything refers to.
func (c *File) Tail() (int64, error) {
	for i := range c.Entries {
		if e := &c.Entries[i]; !e.IsFolder() && e.Size >= c.cutoff {
			if _, err := c.follow(e.start, e.Size); err != nil {
				return 0, err
			}
		}
	}
	return min(c.offset(c.used), c.Size), nil
}

// add appends n bytes at an offset of the source.
func (s *Stream) add(at, n int64) {
	if k := len(s.runs); k > 0 && s.runs[k-1].at+s.runs[k-1].n == at {
		s.runs[k-1].n += n
	} else {
		s.runs = append(s.runs, run{s.Size, at, n})
	}
	s.Size += n
}

// ReadAt implements io.ReaderAt.
func (s *Stream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.Size {
		return 0, io.EOF
	}
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].from > off }) - 1
	done := 0
	for ; done < len(p) && i < len(s.runs); i++ {
		r := s.runs[i]
		skip := off + int64(done) - r.from
		want := int(min(r.n-skip, int64(len(p)-done)))
		n, err := s.src.ReadAt(p[done:done+want], r.at+skip)
		done += n
		if n < want {
			if err == nil {
				err = io.EOF
			}
			return done, err
		}
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}
