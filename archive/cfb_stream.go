package archive

import (
	"fmt"
	"io"
	"sort"
)

// cfbStream is the bytes of a chain of sectors.
type cfbStream struct {
	src  io.ReaderAt // the file, or the mini stream
	runs []cfbRun    // ascending in the stream, without holes
	size int64       // what the chain holds, at most the declared size
	// cut says that the chain ends before the declared size; lost that it was
	// broken and went on by guess.
	cut, lost bool
}

// cfbRun is a run of adjacent sectors.
type cfbRun struct {
	from int64 // in the stream
	at   int64 // in the source
	n    int64
}

// open returns an entry's bytes. Which of two places they are in depends on the
// size; where that place has less than the other, the other counts.
func (c *cfb) open(e *cfbEntry) (*cfbStream, error) {
	if e.size == 0 {
		return &cfbStream{src: c.src}, nil
	}
	mini := e.size < c.cutoff
	s, err := c.openIn(e, mini)
	if err != nil || !s.cut {
		return s, err
	}
	// QUIRK: [MS-CFB] section 2.2 fixes the border at 4,096 bytes; LibreOffice and
	// libgsf take the header's, Windows its own.
	other, err := c.openIn(e, !mini)
	if err != nil || other.size <= s.size {
		return s, err
	}
	return other, nil
}

func (c *cfb) openIn(e *cfbEntry, mini bool) (*cfbStream, error) {
	if mini {
		return c.followMini(e.start, e.size)
	}
	return c.follow(e.start, e.size)
}

// follow collects the sectors of a chain up to size bytes. A loop ends where it
// has used up the number of sectors that there are.
func (c *cfb) follow(first uint32, size int64) (*cfbStream, error) {
	s := &cfbStream{src: c.src}
	unit := int64(1) << c.shift
	for sector, n := first, uint32(0); s.size < size && n < c.sectors; n++ {
		if sector >= c.sectors {
			s.lost = s.lost || sector < cfbMaxSector
			break
		}
		c.used = max(c.used, sector+1)
		at := c.offset(sector)
		s.add(at, min(unit, c.size-at, size-s.size))
		if c.work -= unit; c.work < 0 {
			return nil, fmt.Errorf("links between sectors: %w", ErrLimit)
		}
		sector = s.step(c.fat, sector)
	}
	s.cut = s.size < size
	return s, nil
}

// step returns the sector that follows in a table. Where its entry could not be
// read, writers have most likely put the stream into adjacent sectors.
func (s *cfbStream) step(table []uint32, sector uint32) uint32 {
	if sector < uint32(len(table)) && table[sector] != cfbLost {
		return table[sector]
	}
	s.lost = true
	return sector + 1
}

// followMini is follow for the mini stream.
func (c *cfb) followMini(first uint32, size int64) (*cfbStream, error) {
	s := &cfbStream{src: c.mini}
	if c.mini == nil {
		s.cut = true
		return s, nil
	}
	unit := int64(1) << c.mshift
	count := uint32(min((c.mini.size+unit-1)>>c.mshift, cfbMaxSector))
	for sector, n := first, uint32(0); s.size < size && n < count; n++ {
		if sector >= count {
			s.lost = s.lost || sector < cfbMaxSector
			break
		}
		at := int64(sector) << c.mshift
		s.add(at, min(unit, c.mini.size-at, size-s.size))
		if c.work -= unit; c.work < 0 {
			return nil, fmt.Errorf("links between sectors: %w", ErrLimit)
		}
		sector = s.step(c.miniFAT, sector)
	}
	s.cut = s.size < size
	return s, nil
}

// tail is where in the file the sectors end that anything refers to.
func (c *cfb) tail() (int64, error) {
	for i := range c.entries {
		if e := &c.entries[i]; !e.isFolder() && e.size >= c.cutoff {
			if _, err := c.follow(e.start, e.size); err != nil {
				return 0, err
			}
		}
	}
	return min(c.offset(c.used), c.size), nil
}

// add appends n bytes at an offset of the source.
func (s *cfbStream) add(at, n int64) {
	if k := len(s.runs); k > 0 && s.runs[k-1].at+s.runs[k-1].n == at {
		s.runs[k-1].n += n
	} else {
		s.runs = append(s.runs, cfbRun{s.size, at, n})
	}
	s.size += n
}

// ReadAt implements io.ReaderAt.
func (s *cfbStream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
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
