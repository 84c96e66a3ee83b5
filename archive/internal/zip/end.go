package zip

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// maxEnds is how many end records are read. Files of several hundred
// concatenated zips are in circulation.
const maxEnds = 4096

// endRecord is an end record with what its zip64 companion says, if there is one.
type endRecord struct {
	at      int64 // offset of the 32-bit record
	behind  int64 // offset behind its comment
	disk    uint32
	entries int64
	wide    bool // a zip64 record was read
	wideAt  int64
	secret  bool             // the directory is encrypted or compressed
	dirs    []directoryClaim // where it says that the directory is
}

// directoryClaim is a directory's place and size as one record gives them.
type directoryClaim struct {
	recordAt  int64 // offset of the record, behind which no directory reaches
	size, off int64
}

// readDirectories reads the directories that end records lead to. First come the
// records in the last 64 KiB, then those outside of what is thereby known.
func (z *file) readDirectories() error {
	if err := z.acceptEnds(z.size-level.TailBytes, z.size); err != nil {
		return err
	}
	gaps, err := z.claimedGaps()
	if err != nil {
		return err
	}
	for _, g := range gaps {
		if err := z.acceptEnds(g.from, g.to); err != nil {
			return err
		}
	}
	sortGroups(z.groups)
	return nil
}

// acceptEnds reads the end records in [from, to), the last first, without those
// that lie in the data of members known by then.
func (z *file) acceptEnds(from, to int64) error {
	var ends []mark
	err := z.scan(max(0, from), to, func(at int64, kind byte) bool {
		if kind >= 5 && kind <= 6 && !z.ends[at] {
			ends = append(ends, mark{at, kind})
		}
		return len(ends)+len(z.ends) <= maxEnds
	})
	if err != nil {
		return err
	}
	if len(ends)+len(z.ends) > maxEnds {
		z.exceed("end records")
	}
	covered := make(map[int64]bool)
	for i := len(ends) - 1; i >= 0; i-- {
		if covered[ends[i].at] && z.sound {
			if whole, err := z.reachesEnd(ends[i]); err != nil || !whole {
				if err != nil {
					return err
				}
				continue
			}
		}
		known := len(z.groups)
		if err := z.readAnyEnd(ends[i]); err != nil {
			return err
		}
		for _, g := range z.groups[known:] {
			s, err := z.claimed(g)
			if err != nil {
				return err
			}
			k, _ := slices.BinarySearchFunc(ends, s.from, func(m mark, at int64) int { return cmp.Compare(m.at, at) })
			for ; k < len(ends) && ends[k].at < s.to; k++ {
				covered[ends[k].at] = true
			}
		}
	}
	return nil
}

// readAnyEnd reads a record that leads to a directory, if it was not read yet.
func (z *file) readAnyEnd(m mark) error {
	if z.ends[m.at] {
		return nil
	}
	if m.kind == 6 {
		return z.readEnd64(m.at)
	}
	_, err := z.readEnd(m.at)
	return err
}

// reachesEnd says whether an end record's comment ends where the file does. It
// then counts although it lies in a member's data: strict readers pass over any
// other. An archive in an archive has no such record.
func (z *file) reachesEnd(m mark) (bool, error) {
	h, err := saferead.UpTo(z.src, m.at, endBytes, z.size, endBytes)
	if err != nil || m.kind != 5 || len(h) < endBytes {
		return false, err
	}
	return m.at+endBytes+int64(le.Uint16(h[20:])) == z.size, nil
}

// claimed is the part of the file that a group's headers claim for its data.
func (z *file) claimed(g *group) (span, error) {
	if err := z.load(g); err != nil || g.local == nil {
		return span{g.offset, g.offset}, err
	}
	data := g.local.data
	end := data
	for _, a := range g.central {
		if a.csize > 0 && a.csize <= z.size-data {
			end = max(end, data+a.csize)
		}
	}
	return span{data, end}, nil
}

// claimedGaps is what neither members nor records claim; all, if the end record
// is one that strict readers refuse: they look on for another.
func (z *file) claimedGaps() ([]span, error) {
	if !z.sound {
		return []span{{0, z.size}}, nil
	}
	taken := slices.Clone(z.records)
	for _, g := range z.groups {
		s, err := z.claimed(g)
		if err != nil {
			return nil, err
		}
		taken = append(taken, s)
	}
	slices.SortFunc(taken, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var gaps []span
	at := int64(0)
	for _, s := range taken {
		if s.from > at {
			gaps = append(gaps, span{at, s.from})
		}
		at = max(at, s.to)
	}
	if at < z.size {
		gaps = append(gaps, span{at, z.size})
	}
	return gaps, nil
}

// readEnd reads the end record at off and the directories it leads to. It
// returns the number of entries read.
func (z *file) readEnd(off int64) (int, error) {
	e, err := z.parseEnd(off)
	if e == nil || err != nil {
		return 0, err
	}
	z.ends[off] = true
	start, total, first, err := z.readClaims(off, e.dirs)
	if err != nil {
		return total, err
	}
	z.records = append(z.records, span{start, min(e.behind, z.size)})
	// Elsewhere than at the file's end, what leads to nothing is a constant of a program.
	volumes := e.disk != 0 && (total > 0 || e.behind == z.size)
	if volumes {
		z.note(anomaly.MultiDisk)
	}
	switch {
	case total > 0:
		d := e.dirs[len(e.dirs)-1]
		z.sound = z.sound || e.behind == z.size && d.off == d.recordAt-d.size
		if z.listed {
			z.note(anomaly.ManyEnds)
		}
		z.listed = true
	case e.secret:
		z.over = fmt.Errorf("central directory: %w", level.ErrEncrypted)
		return 0, nil
	case volumes:
		z.over = fmt.Errorf("directory on another volume: %w", level.ErrUnsupported)
		return 0, nil
	case e.entries == 0 && e.dirs[0].size == 0:
		return 0, nil // an empty file
	default:
		z.lostDir = true
	}
	if first < 0 || int64(first) != e.entries && (e.wide || int64(first)&0xffff != e.entries) {
		z.note(anomaly.EndFields)
	}
	return total, nil
}

// readClaims reads the directories that the record at off claims, with and
// without the correction for a prefix. It returns where the first of them starts,
// and how many entries all and the first one have; -1 if there is none.
func (z *file) readClaims(off int64, claims []directoryClaim) (start int64, total, first int, err error) {
	start, first = off, -1
	for _, d := range claims {
		adjusted := d.recordAt - d.size
		for _, s := range []spot{{adjusted, adjusted - d.off}, {d.off, 0}} {
			if s.at < 0 || s.at >= d.recordAt || z.seen[s] {
				continue
			}
			n, end, err := z.readDirectory(s.at, s.base, false)
			if err != nil {
				return start, total, first, err
			}
			if n > 0 {
				start = min(start, s.at)
				z.records = append(z.records, span{s.at, end})
				if first < 0 {
					first = n
				}
			}
			total += n
		}
	}
	return start, total, first, nil
}

// readEnd64 reads a zip64 end record that no locator points to: behind a prefix
// the pointer is wrong, and readers search for the record.
func (z *file) readEnd64(off int64) error {
	z.ends[off] = true
	h, err := saferead.At(z.src, off, end64Bytes, z.size, end64Bytes)
	if err != nil {
		return missing(err)
	}
	_, total, _, err := z.readClaims(off, []directoryClaim{claim64(off, h)})
	if total > 0 {
		z.listed = true
		z.note(anomaly.Zip64Differ)
	}
	return err
}

// claim64 is what the zip64 end record h at off says of its directory.
func claim64(off int64, h []byte) directoryClaim {
	return directoryClaim{off, int64(le.Uint64(h[40:]) &^ (1 << 63)), int64(le.Uint64(h[48:]) &^ (1 << 63))}
}

// parseEnd reads the record at off and the zip64 record before it.
func (z *file) parseEnd(off int64) (*endRecord, error) {
	h, err := saferead.At(z.src, off, endBytes, z.size, endBytes)
	if err != nil {
		return nil, missing(err)
	}
	e := &endRecord{
		at:      off,
		behind:  off + endBytes + int64(le.Uint16(h[20:])),
		disk:    uint32(le.Uint16(h[4:]) | le.Uint16(h[6:])),
		entries: int64(le.Uint16(h[10:])),
		dirs:    []directoryClaim{{off, int64(le.Uint32(h[12:])), int64(le.Uint32(h[16:]))}},
	}
	if e.disk == 0xffff {
		e.disk = 0
	}
	if e.behind > z.size {
		z.note(anomaly.CommentLength)
	}
	return e, z.parseEnd64(e)
}

// parseEnd64 adds what the zip64 end record says, which the locator before the
// end record points to. The record itself is mostly just before its locator.
func (z *file) parseEnd64(e *endRecord) error {
	l, err := saferead.UpTo(z.src, e.at-locator64Bytes, locator64Bytes, z.size, locator64Bytes)
	if err != nil || len(l) < locator64Bytes || !bytes.HasPrefix(l, sigLocator64) {
		return err
	}
	for _, at := range []int64{int64(le.Uint64(l[8:]) &^ (1 << 63)), e.at - locator64Bytes - end64Bytes} {
		h, err := saferead.UpTo(z.src, at, end64Bytes, z.size, end64Bytes)
		if err != nil {
			return err
		}
		if len(h) < end64Bytes || !bytes.HasPrefix(h, sigEnd64) || e.wide && at == e.wideAt {
			continue
		}
		z.ends[at] = true
		d := claim64(at, h)
		n := int64(le.Uint64(h[32:]) &^ (1 << 63))
		narrow := e.dirs[0]
		if differs(narrow.size, d.size, 0xffffffff) || differs(narrow.off, d.off, 0xffffffff) || !e.wide && differs(e.entries, n, 0xffff) {
			z.note(anomaly.Zip64Differ)
		}
		e.wide, e.wideAt, e.entries = true, at, n
		// Version 2 of the record, APPNOTE.TXT section 7.3.4, is longer and says
		// how the directory is compressed and encrypted.
		e.secret = e.secret || le.Uint64(h[4:]) >= 44+28
		e.dirs = append(e.dirs, d)
	}
	return nil
}

// differs says whether a 32-bit field contradicts its 64-bit one.
func differs(narrow, wide, escape int64) bool {
	return narrow != escape && narrow != wide
}
