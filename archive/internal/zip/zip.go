package zip

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Signatures, APPNOTE.TXT section 4.3.
var (
	sigLocal      = []byte("PK\x03\x04")
	sigCentral    = []byte("PK\x01\x02")
	sigEnd        = []byte("PK\x05\x06")
	sigEnd64      = []byte("PK\x06\x06")
	sigLocator64  = []byte("PK\x06\x07")
	sigDescriptor = []byte("PK\x07\x08")
)

// Lengths of the records' fixed parts, in bytes.
const (
	localBytes     = 30
	centralBytes   = 46
	endBytes       = 22
	end64Bytes     = 56
	locator64Bytes = 20
)

// Bits of the general purpose flag, APPNOTE.TXT section 4.4.4.
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagPatch      = 1 << 5
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13
	flagReserved   = 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<12 | 1<<14 | 1<<15 // unused or reserved by PKWARE
)

// file walks a zip file in two rounds.
//
// First the directories: every end record that is not inside a member's data
// leads to one, and each of their entries to a local header. All accounts of one
// local header form a group, and a group gives one planned member for each way
// in which its accounts can be read.
//
// Then the bytes, in ascending order: between two groups the gaps are searched
// for local headers that no directory lists. A member's end is where its
// decoder stopped, not where a header says, so data behind a stream that is
// shorter than declared counts as a gap. Records that come to light in this round
// (an end record under a lying size) start a further pass over what they lead to.
type file struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	groups    []*group                    // of this pass, ascending
	byOffset  map[int64]*group            // every group ever, by local header
	seen      map[spot]bool               // directory headers read
	yielded   map[bodyKey]bool            // bodies yielded
	names     map[[sha256.Size]byte]int64 // data offsets by names, for duplicates; a name can have 64 KiB
	records   []span                      // directories, end records and their comments
	ends      map[int64]bool              // end records read
	found     []mark                      // by the gap searches, perhaps not read yet
	first     int64                       // offset of the first local header
	marker    int64                       // length of the mark of an archive in volumes before it
	over      error                       // more was there than the limits allow
	trial     int64                       // bytes that trial decoding and searching may still cost
	headers   int64                       // bytes of names and extra fields that may still be read
	effort    int64                       // bytes of bodies that may still be decoded, those shared by members counted each time
	decoders  decoders
	passwords level.Candidates

	present  *group     // whose members are yielded
	accounts []*account // its accounts
	plan     []*planned // its members, not yielded yet
	followed int        // its readings that came to light while it was read
	frontier int64      // end of what was searched
	groupEnd int64      // end of the present group, -1 if not known
	judged   int64      // end of what is known to belong to members
	started  bool       // a member was met
	body     body
	listed   bool // a directory was found
	sound    bool // an end record is where and what it should be
	again    bool // this is not the first pass
	lostDir  bool // an end record leads to no directory
	window   []byte
}

// Format is how a zip file is found and opened.
var Format = &level.Format{Name: "zip", Detect: detect, Open: open, Marks: marksZip}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	z := &file{
		src: src, size: size, limits: l,
		byOffset:  map[int64]*group{},
		seen:      map[spot]bool{},
		yielded:   map[bodyKey]bool{},
		names:     map[[sha256.Size]byte]int64{},
		ends:      map[int64]bool{},
		trial:     4*size + 256<<20,
		headers:   3*size + 1<<20,
		effort:    2*size + 128<<20,
		groupEnd:  -1,
		passwords: level.Candidates{Keys: l.Keys},
		decoders:  decoders{dictionary: l.Dictionary, left: dictionaries * l.Dictionary},
	}
	first, err := z.searchLocal(0, size)
	if err != nil {
		return nil, err
	}
	z.first = max(0, first)
	if err := z.readMarker(); err != nil {
		return nil, err
	}
	if err := z.readDirectories(); err != nil {
		return nil, err
	}
	if len(z.ends) == 0 {
		if first < 0 {
			return nil, level.ErrFormat
		}
		z.note(anomaly.NoEnd)
	}
	z.mergeRecords()
	return z, nil
}

func (z *file) note(name string)    { z.notes = level.NoteOnce(z.notes, name) }
func (z *file) Anomalies() []string { return z.notes }

func (z *file) Close() {
	z.body.close()
	z.decoders.close()
}

// mergeRecords sorts the records' spans and joins those that touch.
func (z *file) mergeRecords() {
	slices.SortFunc(z.records, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	merged := z.records[:0]
	for _, s := range z.records {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	z.records = merged
}

func (z *file) Next() (*level.Member, io.Reader, error) {
	z.endBody()
	for {
		for len(z.plan) > 0 {
			p := z.plan[0]
			z.plan = z.plan[1:]
			if m, body := z.open(p); m != nil {
				return m, body, nil
			}
		}
		g, err := z.nextGroup()
		if err != nil {
			return nil, nil, err
		}
		if z.plan, err = z.planGroup(g); err != nil {
			return nil, nil, err
		}
	}
}

// endBody notes where the member that was current ends, and what is still to be
// tried on it. Of several readings of one group the shortest counts, so that what
// lies behind it is searched.
func (z *file) endBody() {
	if b := &z.body; b.p != nil {
		from, judged := b.ends()
		if z.groupEnd < 0 || from < z.groupEnd {
			z.groupEnd = from
		}
		z.judged = max(z.judged, judged)
		z.follow(b)
	}
	z.body.close()
}

// nextGroup returns the next local header in ascending order, listed or not.
func (z *file) nextGroup() (*group, error) {
	z.frontier, z.groupEnd = max(z.frontier, z.groupEnd), -1
	for {
		limit := z.size
		if len(z.groups) > 0 {
			limit = z.groups[0].offset
		}
		if z.frontier < limit {
			at, err := z.searchGap(z.frontier, limit)
			if err != nil {
				return nil, err
			}
			if at >= 0 {
				return z.unlisted(at), nil
			}
			z.frontier = limit
		}
		if len(z.groups) > 0 {
			g := z.groups[0]
			z.groups = z.groups[1:]
			if g.offset < z.judged && z.started && !z.again {
				z.note(anomaly.Overlap)
			}
			z.enter(g.offset)
			return g, nil
		}
		more, err := z.readFound()
		if err != nil {
			return nil, err
		}
		if !more {
			return nil, z.finish()
		}
		z.frontier = math.MaxInt64 // the gaps are searched already
	}
}

// finish is what next returns when nothing is left.
func (z *file) finish() error {
	switch {
	case z.over != nil:
		return z.over
	case !z.started && z.lostDir:
		return fmt.Errorf("no member can be reached: %w", level.ErrMalformed)
	}
	return io.EOF
}

// readMarker reads what archivers put before the first member of an archive that
// was to have several volumes, APPNOTE.TXT section 8.5: "PK00" if it has only
// this one after all.
func (z *file) readMarker() error {
	b, err := saferead.UpTo(z.src, 0, 4, z.size, 4)
	switch {
	case bytes.Equal(b, sigDescriptor):
		z.marker = 4
		z.note(anomaly.MultiDisk)
	case string(b) == "PK00":
		z.marker = 4
	}
	return err
}

// enter notes that a member begins at off.
func (z *file) enter(off int64) {
	if !z.started && off > z.marker {
		z.note(anomaly.Prepended)
	}
	z.started = true
}

func (z *file) unlisted(at int64) *group {
	z.enter(at)
	g := z.group(at)
	g.unlisted = z.listed
	z.frontier = at + 1
	return g
}

// group returns the group of the local header at off, new or known.
func (z *file) group(off int64) *group {
	g := z.byOffset[off]
	if g == nil {
		g = &group{offset: off}
		z.byOffset[off] = g
	}
	return g
}

// exceed notes that more was there than the limits allow.
func (z *file) exceed(what string) {
	if z.over == nil {
		z.over = fmt.Errorf("%s: %w", what, level.ErrLimit)
	}
}

func sortGroups(groups []*group) {
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.offset, b.offset) })
}
