package zip

import (
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
)

// searchGap returns the first local header in the gap [from, to), -1 if there is
// none. Directory and end records that it passes are kept for readFound.
func (z *file) searchGap(from, to int64) (int64, error) {
	at := int64(-1)
	var failed error
	err := z.scan(from, to, func(off int64, kind byte) bool {
		switch kind {
		case 1:
			if !z.seen[spot{off, anyBase}] {
				z.keep(mark{off, kind})
			}
		case 5, 6:
			if !z.ends[off] {
				z.keep(mark{off, kind})
			}
		case 3:
			var good bool
			if good, failed = z.isPlausible(off); (good || off == from) && z.byOffset[off] == nil {
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

func (z *file) keep(m mark) {
	if len(z.found) >= 4*z.limits.Members+1024 {
		z.exceed("directory headers")
		return
	}
	z.found = append(z.found, m)
}

// judgeGap notes bytes of [from, to) that belong to no record.
func (z *file) judgeGap(from, to int64) {
	if from = max(from, z.judged); from >= to {
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
			z.note(anomaly.Appended)
		}
	case z.started:
		z.note(anomaly.Gap)
	}
}

// readFound reads the records that lay in gaps and were not read before. It
// returns whether they lead to anything.
func (z *file) readFound() (bool, error) {
	found := z.found
	z.found, z.again = nil, true
	for i := len(found) - 1; i >= 0; i-- {
		if m := found[i]; m.kind >= 5 && !z.ends[m.at] && len(z.ends) < maxEnds {
			if err := z.readAnyEnd(m); err != nil {
				return false, err
			}
		}
	}
	for _, m := range found {
		if m.kind == 3 {
			if err := z.queue(m.at); err != nil {
				return false, err
			}
		}
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
