package disk

import (
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// maxNTFSRuns is how many runs of one stream are read: a file of 100 MiB that has no
// two clusters side by side has 25,600.
const maxNTFSRuns = 256 << 10

// extents decodes a list of runs: each has a length, and a place that counts from
// the run before; one without a place is sparse.
func (v *ntfsVolume) extents(runs []byte) []device.Extent {
	var all []device.Extent
	place := int64(0)
	number := func(b []byte) int64 {
		n := int64(0)
		for i := len(b) - 1; i >= 0; i-- {
			n = n<<8 | int64(b[i])
		}
		return n
	}
	most := v.Dev.Size/v.cluster + 1
	for len(runs) > 0 && runs[0] != 0 {
		n, p := int(runs[0]&15), int(runs[0]>>4)
		if n == 0 || n > 8 || p > 8 || len(runs) < 1+n+p {
			break
		}
		length := number(runs[1 : 1+n])
		step := number(runs[1+n : 1+n+p])
		if p > 0 && p < 8 && runs[n+p]&0x80 != 0 {
			step -= 1 << (8 * p)
		}
		runs = runs[1+n+p:]
		if length <= 0 || length > 1<<40 {
			break
		}
		e := device.Extent{N: length * v.cluster, Hole: p == 0}
		if p > 0 {
			if place += step; place < 0 || place > most {
				place = most // outside: reading ends there
			}
			e.Off = place * v.cluster
		}
		all = append(all, e)
	}
	return all
}

// stream reads a stream, whose runs may be spread over several records.
func (v *ntfsVolume) stream(f *ntfsFile, s *ntfsStream) io.Reader {
	if s.runs == nil {
		return &ntfsResident{s.resident}
	}
	var pieces []*ntfsStream
	for i := range f.streams {
		if p := &f.streams[i]; p.name == s.name && p.runs != nil {
			pieces = append(pieces, p)
		}
	}
	slices.SortStableFunc(pieces, func(a, b *ntfsStream) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	var extents []device.Extent
	for _, p := range pieces {
		if len(extents) > maxNTFSRuns {
			break // reading ends early, and says so
		}
		extents = append(extents, v.extents(p.runs)...)
	}
	if s.flags&ntfsCompressed != 0 && s.unit > 0 && s.unit <= 8 {
		u := &ntfsUnits{dev: v.Dev, rest: extents, left: s.size, cluster: v.cluster, unit: v.cluster << s.unit}
		if 2*u.unit > v.Limits.Dictionary {
			u.err = fmt.Errorf("compression units of %d bytes: %w", u.unit, level.ErrLimit)
		}
		return u
	}
	return device.NewExtentReader(v.Dev, cutAt(extents, s.valid), s.size)
}

// cutAt makes zeros of what lies behind the bytes that were ever written.
func cutAt(extents []device.Extent, valid int64) []device.Extent {
	var all []device.Extent
	for _, e := range extents {
		written := min(e.N, valid)
		valid -= written
		if written > 0 {
			part := e
			part.N = written
			all = append(all, part)
		}
		if written < e.N {
			all = append(all, device.Extent{N: e.N - written, Hole: true})
		}
	}
	return all
}

type ntfsResident struct{ rest []byte }

func (r *ntfsResident) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// ntfsUnits reads a compressed stream unit by unit: one whose clusters are all
// there is stored, one whose last clusters are sparse is compressed, and one that
// is all sparse is zeros.
type ntfsUnits struct {
	dev     *device.Device
	rest    []device.Extent
	left    int64 // bytes of the stream that are still to come
	cluster int64
	unit    int64 // bytes
	in, out []byte
	body    []byte
	err     error
}

func (r *ntfsUnits) Read(p []byte) (int, error) {
	for len(r.body) == 0 {
		switch {
		case r.err != nil:
			return 0, r.err
		case r.left <= 0:
			return 0, io.EOF
		}
		r.next()
	}
	n := copy(p, r.body)
	r.body = r.body[n:]
	return n, nil
}

// next decodes a unit.
func (r *ntfsUnits) next() {
	if r.in == nil {
		r.in, r.out = make([]byte, r.unit), make([]byte, r.unit)
	}
	stored := r.collect()
	want := min(r.unit, r.left)
	r.left -= want
	switch {
	case stored == r.unit:
		r.body = r.in[:want]
	case stored == 0:
		clear(r.out)
		r.body = r.out[:want]
	default:
		clear(r.out)
		n, err := decodeLZNT1(r.out, r.in[:stored])
		r.body = r.out[:want]
		if err != nil {
			r.body, r.err = r.out[:min(int64(n), want)], err
		}
	}
}

// collect reads the clusters of a unit that are there, and returns how many bytes
// they are.
func (r *ntfsUnits) collect() int64 {
	stored := int64(0)
	for need := r.unit; need > 0; {
		if len(r.rest) == 0 {
			r.err = fmt.Errorf("runs end early: %w", level.ErrMalformed)
			r.left = min(r.left, r.unit)
			break
		}
		e := &r.rest[0]
		n := min(e.N, need)
		if !e.Hole {
			if got := r.dev.Read(r.in[stored:stored+n], e.Off); int64(len(got)) < n && r.err == nil {
				r.err = fmt.Errorf("a run outside of the volume: %w", level.ErrMalformed)
			}
			stored += n
			e.Off += n
		}
		if e.N -= n; e.N == 0 {
			r.rest = r.rest[1:]
		}
		need -= n
	}
	return stored
}

// decodeLZNT1 decodes chunks of 4 KiB ([MS-XCA] section 2.5), and returns how many
// bytes of out it filled. What a short chunk leaves out are zeros.
func decodeLZNT1(out, in []byte) (int, error) {
	const chunk = 4096
	at := 0
	for len(in) >= 2 && at < len(out) {
		head := device.LE16(in, 0)
		if head == 0 {
			break
		}
		n := int(head&0xfff) + 1
		if n > len(in)-2 {
			return at, fmt.Errorf("LZNT1 chunk: %w", level.ErrMalformed)
		}
		body := in[2 : 2+n]
		in = in[2+n:]
		part := out[at:min(at+chunk, len(out))]
		if head&0x8000 == 0 {
			copy(part, body)
		} else if n, err := decodeLZNT1Chunk(part, body); err != nil {
			return at + n, err
		}
		at += len(part)
	}
	return at, nil
}

func decodeLZNT1Chunk(out, in []byte) (int, error) {
	n := 0
	for len(in) > 0 {
		flags := in[0]
		in = in[1:]
		for bit := 0; bit < 8 && len(in) > 0 && n < len(out); bit++ {
			if flags>>bit&1 == 0 {
				out[n] = in[0]
				n++
				in = in[1:]
				continue
			}
			if len(in) < 2 {
				return n, fmt.Errorf("LZNT1: %w", level.ErrMalformed)
			}
			// The further into the chunk, the more bits an offset takes.
			shift := 12
			for m := n - 1; m >= 16; m >>= 1 {
				shift--
			}
			word := int(device.LE16(in, 0))
			in = in[2:]
			var err error
			if n, err = input.CopyMatch(out, n, word>>shift+1, word&(1<<shift-1)+3); err != nil {
				return n, err
			}
		}
		if n >= len(out) {
			break
		}
	}
	return n, nil
}
