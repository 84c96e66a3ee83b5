package zip

import (
	"hash/crc32"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// trialBytes is how many decoded bytes make a trial convincing. Ciphertext and
// stored data run into an invalid block long before.
const trialBytes = 256 << 10

// sealedTrialBytes is the same for what a password opens: its check byte or verifier
// has spoken already.
const sealedTrialBytes = 16 << 10

// try takes n bytes from what trial decoding and searching may cost in one file.
func (z *file) try(n int64) bool {
	if z.trial < n {
		z.exceed("trial decoding")
		return false
	}
	z.trial -= n
	return true
}

// decrypt finds out how a member that is marked as encrypted is to be read:
// plain, for readers that ignore the mark or never heard of it extract it so,
// or with one of the passwords.
func (z *file) decrypt(p *planned) error {
	m := p.member
	if z.isPlain(p) {
		m.Encrypted = false
		level.Note(m, anomaly.FakeEncryption)
		return nil
	}
	s, err := z.unlock(p)
	switch {
	case err != nil:
		return err
	case s != nil:
		p.seal, p.key.sealed = s, true
		m.Password = s.password
		z.passwords.Opened(s.password)
		return nil
	}
	if p.mixed {
		// One header says that it is plain: readers that believe it get the bytes
		// as they are.
		q := p.reading(p.key, "plain")
		q.plain, q.member.Encrypted, q.key.length = true, false, plainLength(p)
		z.plan = append(z.plan, q)
		z.yielded[p.key] = false
	}
	return level.ErrEncrypted
}

// plainLength is the length of p's body if it is not encrypted after all.
func plainLength(p *planned) int64 {
	if p.key.method == methodStored && p.key.length < 0 {
		return max(0, p.claim())
	}
	return p.key.length
}

// isPlain says whether a member that is marked as encrypted decodes without a
// key.
func (z *file) isPlain(p *planned) bool {
	if p.key.method == methodStored {
		p.key.length = plainLength(p)
		return z.fits(p) || z.looksPlain(p)
	}
	return z.decodes(p)
}

// proves says whether a tentative reading is one.
func (z *file) proves(p *planned) bool {
	switch {
	case p.key.method == methodStored:
		return z.fits(p)
	case p.key.method == methodTolerant:
		return z.goesBeyond(p)
	}
	return z.decodes(p)
}

// fits says whether the CRC of a stored body is right.
func (z *file) fits(p *planned) bool {
	if p.key.length < 0 || !z.try(p.key.length) {
		return false
	}
	sum := crc32.NewIEEE()
	if n, err := io.Copy(sum, z.section(p)); err != nil || n == 0 && p.seal == nil {
		return false
	}
	return slices.Contains(p.crcs, sum.Sum32())
}

// decodes says whether a body is a stream of its method: it has the right CRC or
// the right length, or goes on for long without a fault.
func (z *file) decodes(p *planned) bool {
	k, enough := p.key, int64(trialBytes)
	if p.seal != nil {
		enough = sealedTrialBytes
	}
	want := enough
	silent := k.method >= 1 && k.method <= 6 // decodes anything
	if k.method == methodPPMd {
		// Likewise, and it ends where it likes: only the CRC of a body that is
		// decoded whole tells it from noise.
		silent = k.limit >= 0 && k.limit <= trialBytes
		if !silent && p.seal == nil {
			return false
		}
	}
	if k.limit >= 0 && (silent || k.limit < want) {
		want = k.limit
	}
	if !z.try(1024) { // what it costs beyond that is known later
		return false
	}
	dec, err := z.decoders.openBody(k.method, z.section(p), bodyHints{k.flags, k.limit})
	if err != nil {
		return false
	}
	defer dec.Release()
	sum := crc32.NewIEEE()
	n, err := io.CopyN(sum, dec, want)
	consumed := dec.Consumed()
	z.trial -= n*max(1, level.MethodCost(methodName(k.method))/4) + workOf(dec)/4 + consumed
	if n > 0 && slices.Contains(p.crcs, sum.Sum32()) && (err == io.EOF || n == k.limit) {
		return true
	}
	switch {
	case silent, err != nil && err != io.EOF:
		return false
	case err == nil:
		return n == enough
	}
	if p.seal != nil {
		consumed += p.seal.head + p.seal.tail
	}
	return consumed >= 48 || consumed >= 32 && consumed == p.claim()
}

// goesBeyond says whether the tolerant decoder yields more of a deflate stream
// than the usual one did.
func (z *file) goesBeyond(p *planned) bool {
	if !z.try(p.beyond + 1024) {
		return false
	}
	dec, err := z.decoders.openBody(p.key.method, z.section(p), bodyHints{limit: -1})
	if err != nil {
		return false
	}
	defer dec.Release()
	n, _ := io.CopyN(io.Discard, dec, p.beyond+1)
	return n > p.beyond
}
