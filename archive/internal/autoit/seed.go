package autoit

import (
	"hash/adler32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// seedOf is the seed of a record's body. The first record of a script has the digest
// before it, the others follow each other. Where records do not, or where both may be
// meant, the body tells.
func (w *walker) seedOf(r *record) (uint32, error) {
	if !r.v.digest {
		return r.v.body, nil
	}
	mark := scripts + r.v.name
	from := max(0, r.at-digestBytes-int64(len(mark)))
	b, err := saferead.UpTo(w.src, from, r.at-from, w.size, digestBytes+len(mark))
	if err != nil {
		return 0, err
	}
	own := r.v.body
	for _, c := range b[max(0, len(b)-digestBytes):] {
		own += uint32(c)
	}
	first := len(b) >= len(mark) && string(b[:len(mark)]) == mark
	if w.last == nil || w.last.seed == own {
		return own, nil
	}
	if w.last.end == r.at && !first {
		return w.last.seed, nil
	}
	seeds := [2]uint32{w.last.seed, own}
	if first {
		seeds[0], seeds[1] = own, w.last.seed
	}
	for _, seed := range seeds {
		if fits, err := w.fits(r, seed); err != nil || fits {
			return seed, err
		}
	}
	return seeds[0], nil
}

// fits says whether a record's body is what it says it is with a seed: packed by a known
// method, or of the right checksum.
func (w *walker) fits(r *record, seed uint32) (bool, error) {
	key := w.key(r.v)
	key.seed(seed)
	body := &cipherReader{section: saferead.Section(w.src, r.off, r.packed, w.size), key: key, work: &w.work, m: &level.Member{}, sum: adler32.New()}
	if r.compressed {
		var mark [4]byte
		_, err := io.ReadFull(body, mark[:])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		_, known := literalBits[string(mark[:])]
		return known || string(mark[:]) == "JB01", err
	}
	_, err := io.Copy(io.Discard, body)
	return body.sum.Sum32() == r.checksum, err
}
