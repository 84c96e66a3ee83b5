package archive

import (
	"hash/crc32"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// trialBytes is how many decoded bytes make a trial convincing. Ciphertext and
// stored data run into an invalid block long before.
const trialBytes = 256 << 10

// tryPlain says whether a member that is marked as encrypted is plain, and by
// which method. Readers that ignore the mark, or never heard of it, extract it.
func (z *zipFile) tryPlain(p *planned) (method uint16, plain bool) {
	method = p.key.method
	if method == methodAES && p.aes >= 0 {
		method = uint16(p.aes)
	}
	switch method {
	case methodStored:
		if p.key.length < 0 {
			p.key.length = min(p.claim, z.size-p.key.data)
		}
		return method, z.fits(p)
	case methodDeflate:
		return method, z.decodes(p)
	}
	return method, false
}

// fits says whether the CRC of a stored body is right.
func (z *zipFile) fits(p *planned) bool {
	if p.key.length < 0 || p.key.length > z.trial {
		return false
	}
	z.trial -= p.key.length
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, saferead.Section(z.src, p.key.data, p.key.length, z.size)); err != nil {
		return false
	}
	return slices.Contains(p.crcs, sum.Sum32())
}

// decodes says whether a body is a deflate stream: it has the right CRC or the
// right length, or goes on for long without a fault.
func (z *zipFile) decodes(p *planned) bool {
	if z.trial <= 0 {
		return false
	}
	in := newInflater(saferead.Section(z.src, p.key.data, z.size, z.size))
	defer in.release()
	sum := crc32.NewIEEE()
	n, err := io.CopyN(sum, in, trialBytes)
	consumed := in.consumed()
	z.trial -= n + consumed + 1024
	switch {
	case err == nil:
		return true
	case err != io.EOF:
		return false
	}
	return n > 0 && slices.Contains(p.crcs, sum.Sum32()) || consumed >= 32 && consumed == p.claim
}
