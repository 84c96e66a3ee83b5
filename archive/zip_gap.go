package archive

import (
	"slices"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// searchGap returns the first local header in the gap [from, to), -1 if there is
// none. Directory and end records that it passes are kept for readFound.
func (z *zipFile) searchGap(from, to int64) (int64, error) {
	at := int64(-1)
	var failed error
	err := z.scan(from, to, func(off int64, kind byte) bool {
		switch kind {
		case 1:
			if !z.seen[spot{off, anyBase}] {
				z.keep(mark{off, kind})
			}
		case 5:
			if !z.ends[off] {
				z.keep(mark{off, kind})
			}
		case 3:
			var a *account
			a, failed = z.readLocal(off)
			if a != nil && (off == from || plausible(a.version, a.method, len(a.raw))) {
				at = off
			}
		}
		return at < 0 && failed == nil
	})
	if err == nil {
		err = failed
	}
	if at >= 0 {
		to = at
	}
	z.judgeGap(from, to)
	return at, err
}

func (z *zipFile) keep(m mark) {
	if len(z.found) >= 4*z.limits.Members+1024 {
		z.exceed("directory headers")
		return
	}
	z.found = append(z.found, m)
}

// judgeGap notes bytes of [from, to) that belong to no record.
func (z *zipFile) judgeGap(from, to int64) {
	if from >= to {
		return
	}
	i, _ := slices.BinarySearchFunc(z.records, from, func(s span, at int64) int {
		if s.to <= at {
			return -1
		}
		return 1
	})
	if i < len(z.records) && z.records[i].from <= from {
		from = z.records[i].to
		i++
	}
	switch {
	case from >= to:
	case to == z.size && (i == len(z.records) || len(z.records) > 0 && z.records[len(z.records)-1].to < to):
		if len(z.records) > 0 {
			z.note(AnomalyAppended)
		}
	case z.started:
		z.note(AnomalyGap)
	}
}

// readFound reads the records that lay in gaps and were not read before. It
// returns whether they lead to anything.
func (z *zipFile) readFound() (bool, error) {
	found := z.found
	z.found, z.again = nil, true
	for i := len(found) - 1; i >= 0; i-- {
		if m := found[i]; m.kind == 5 && !z.ends[m.at] && len(z.ends) < maxEnds {
			if _, err := z.readEnd(m.at); err != nil {
				return false, err
			}
		}
	}
	for _, m := range found {
		if m.kind != 1 || z.seen[spot{m.at, anyBase}] {
			continue
		}
		if _, _, err := z.readDirectory(m.at, 0, true); err != nil {
			return false, err
		}
	}
	sortGroups(z.groups)
	return len(z.groups) > 0, nil
}

// searchStoredEnd returns the length of a stored body at data whose size no
// header gives: up to a data descriptor that fits, or to the next header.
func (z *zipFile) searchStoredEnd(data int64) (int64, error) {
	length := z.size - data
	var failed error
	err := z.scan(data, z.size, func(at int64, kind byte) bool {
		n := at - data
		if kind == 7 {
			d, err := saferead.UpTo(z.src, at, 16, z.size, 16)
			if failed = err; err != nil || len(d) == 16 && int64(le.Uint32(d[8:])) == n&0xffffffff {
				length = n
				return false
			}
			return true
		}
		if kind == 3 {
			a, err := z.readLocal(at)
			if failed = err; err == nil && a == nil {
				return true
			}
		}
		length = n
		if n >= 12 { // a descriptor without a signature
			d, err := saferead.UpTo(z.src, at-12, 12, z.size, 12)
			if failed = err; len(d) == 12 && int64(le.Uint32(d[4:])) == n-12 {
				length = n - 12
			}
		}
		return false
	})
	if err == nil {
		err = failed
	}
	return length, err
}
