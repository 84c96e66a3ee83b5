package zip

import (
	"cmp"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
)

// group is all accounts of what lies behind one local header.
type group struct {
	offset   int64 // of the local header
	loaded   bool
	local    *account   // nil if the file ends inside it
	central  []*account // not read yet into a plan
	queued   bool       // in file.groups
	unlisted bool       // no directory of this file lists it
	orphan   bool       // listed by a directory header that no end record reaches
}

// bodyKey is one way to read bytes of the file as a body.
type bodyKey struct {
	data   int64
	method uint16
	flags  uint16 // general purpose bits that the decoder depends on
	length int64  // bytes of the file that may be read, -1 if all to its end
	limit  int64  // decoded bytes that may be yielded, -1 if all
	sealed bool   // read through a cipher
}

// planned is a member to be yielded.
type planned struct {
	key    bodyKey
	member *level.Member
	crcs   []uint32
	sizes  []int64 // declared uncompressed sizes
	csizes []int64 // declared compressed sizes
	descr  bool    // a data descriptor follows
	// tentative readings are only members if they decode. One that goes on where
	// another decoder failed is only one if it yields more than beyond.
	tentative bool
	beyond    int64
	offDisk   bool // said to be on another volume, and not found here
	broken    bool // no local header there
	lost      bool // nor room for one

	strengths []byte // of AES encryption, as the extra fields say
	onlyAES   bool
	strong    bool      // some headers say that it is encrypted strongly
	checks    [256]bool // what the last byte of a traditional cipher's header may be
	mixed     bool      // only some of the headers say that it is encrypted
	plain     bool      // to be read without a cipher, whatever they say
	seal      *seal     // the cipher that it is read through
}

// claim is the smallest declared compressed size, -1 if there is none.
func (p *planned) claim() int64 {
	if len(p.csizes) == 0 {
		return -1
	}
	return slices.Min(p.csizes)
}

// empty says that all headers agree on a body of no bytes at all. Some writers give an
// empty file a method all the same, and not even the end of a stream.
func (p *planned) empty() bool {
	return p.seal == nil && onlyZero(p.csizes) && onlyZero(p.sizes) && onlyZero(p.crcs)
}

func onlyZero[T int64 | uint32](list []T) bool {
	return len(list) == 1 && list[0] == 0
}

// reading returns a copy of p for another way to read its bytes.
func (p *planned) reading(key bodyKey, label string) *planned {
	q, m := *p, *p.member
	m.Names, m.Anomalies = slices.Clone(m.Names), slices.Clone(m.Anomalies)
	m.Method, m.Reading, m.Err = methodName(key.method), label, nil
	q.key, q.member, q.lost = key, &m, false
	return &q
}

// load reads a group's local header once.
func (z *file) load(g *group) (err error) {
	if !g.loaded {
		g.loaded = true
		g.local, err = z.readLocal(g.offset)
	}
	return err
}

// planGroup turns a group's accounts into members, one for each method and each
// length that an unpacker may take.
func (z *file) planGroup(g *group) ([]*planned, error) {
	if err := z.load(g); err != nil {
		return nil, err
	}
	accounts := credible(g)
	g.central, g.queued = nil, false
	z.present, z.accounts, z.followed = g, accounts, 0
	if g.local == nil {
		if len(accounts) == 0 {
			return nil, nil
		}
		return []*planned{z.lost(g, accounts)}, nil
	}
	z.searchHeader(g)
	if !g.local.broken || len(accounts) == 0 {
		accounts = append(accounts, g.local)
		z.accounts = accounts
	}
	var plan []*planned
	for _, k := range z.ways(accounts) {
		k.data = g.local.data
		readings, err := z.readings(g, accounts, k)
		if err != nil {
			return nil, err
		}
		plan = append(plan, readings...)
	}
	return plan, nil
}

// credible are the directory entries of a group without those of a directory
// whose own idea of offsets leads elsewhere, unless they name this header: an
// unpacker that counts otherwise compares the names.
func credible(g *group) []*account {
	return slices.DeleteFunc(g.central, func(a *account) bool {
		return a.weak && g.local != nil && string(a.raw) != string(g.local.raw)
	})
}

// maxReadings bounds the ways in which one member's headers can be read.
const maxReadings = 8

// ways are the methods, with their flags, that accounts give. The local header's
// is always among them.
func (z *file) ways(accounts []*account) []bodyKey {
	var all []bodyKey
	add := func(a *account, method uint16) {
		k := bodyKey{method: method, length: -1, limit: -1}
		if k.method == 6 {
			k.flags = a.flags & (lz.FlagImplode8K | lz.FlagImplodeLiterals)
		}
		switch {
		case slices.Contains(all, k):
		case len(all) == maxReadings:
			z.exceed("methods of one member")
		default:
			all = append(all, k)
		}
	}
	add(accounts[0], accounts[0].trueMethod())
	local := accounts[len(accounts)-1]
	add(local, local.trueMethod())
	for _, a := range accounts {
		add(a, a.trueMethod())
		if a.method > 0xff {
			// QUIRK: the method has two bytes, section 4.4.5; libarchive takes the
			// lower one.
			add(a, a.method&0xff)
		}
	}
	return all
}

// readings are the members for one method, the longest first.
func (z *file) readings(g *group, accounts []*account, k bodyKey) ([]*planned, error) {
	lengths := []int64{-1}
	field := &k.limit
	var err error
	switch {
	case k.method == methodStored:
		field = &k.length
		lengths, err = z.storedLengths(g, accounts)
	case methods[k.method].sized:
		lengths, err = z.sizedLimits(g, accounts, &k)
	}
	if err != nil {
		return nil, err
	}
	var plan []*planned
	for _, n := range lengths {
		*field = n
		p := z.describe(g, accounts, k)
		if len(lengths) > 1 && k.method == methodStored {
			level.Note(p.member, anomaly.StoredSize)
		}
		plan = append(plan, p)
	}
	if len(lengths) > 1 && k.method == methodStored {
		// Both headers may lie about the method, for a loader that knows.
		k.length = -1
		plan = append(plan, z.hidden(plan[0], k))
	}
	return plan, nil
}

// hidden is the tentative reading of a body as a deflate stream that it is not
// said to be.
func (z *file) hidden(p *planned, k bodyKey) *planned {
	k.method, k.limit = methodDeflate, -1
	q := p.reading(k, "data")
	q.tentative = true
	if p.key.method == methodStored {
		level.Note(q.member, anomaly.HiddenDeflate)
	} else {
		level.Note(q.member, anomaly.OtherMethod)
	}
	return q
}

// lost is a member whose local header the file does not hold.
func (z *file) lost(g *group, accounts []*account) *planned {
	p := z.describe(g, accounts, bodyKey{data: g.offset, method: accounts[0].trueMethod(), length: -1, limit: -1})
	p.broken, p.lost = true, true
	return p
}

// describe collects what all accounts say about a body.
func (z *file) describe(g *group, accounts []*account, key bodyKey) *planned {
	first := accounts[0]
	m := &level.Member{Size: -1, Method: methodName(key.method), Packed: max(0, first.csize), CRC32: first.crc}
	p := &planned{key: key, member: m, onlyAES: true}
	var central, local bool
	p.add(accounts[len(accounts)-1]) // the local header's, so that no flood of others displaces it
	for _, a := range accounts {
		if a.trueMethod() == key.method {
			central, local = central || a.central, local || !a.central
		}
		z.compare(m, first, a)
		p.add(a)
		z.addNames(m, a)
		m.Encrypted = m.Encrypted || a.encrypted()
		p.mixed = p.mixed || a.encrypted() != first.encrypted()
		m.Dir = m.Dir || isDir(a)
		if a.central && a.disk != 0 && a.disk != 0xffff {
			p.offDisk = true
			z.note(anomaly.MultiDisk)
		}
		if a.flags&(flagPatch|flagMasked|flagReserved) != 0 {
			level.Note(m, anomaly.UnknownFlags)
		}
	}
	if g.local != nil && g.local.broken && accounts[0].central {
		p.broken = true
	}
	switch {
	case central && local:
		m.Reading = "central+local"
	case central:
		m.Reading = "central"
	default:
		m.Reading = "local"
	}
	if first.usize >= 0 {
		m.Size = first.usize
	} else if len(p.sizes) > 0 {
		m.Size = p.sizes[0]
	}
	if g.unlisted {
		level.Note(m, anomaly.Unlisted)
	}
	if g.orphan {
		level.Note(m, anomaly.OrphanCentral)
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	return p
}

// add takes over what an account declares about the body's bytes.
func (p *planned) add(a *account) {
	p.descr = p.descr || a.flags&flagDescriptor != 0
	p.strong = p.strong || a.flags&flagStrong != 0
	if a.aesKey >= 1 && a.aesKey <= 3 {
		p.strengths = addNumber(p.strengths, a.aesKey)
	}
	if a.encrypted() && a.method != methodAES {
		p.onlyAES = false
	}
	if a.csize >= 0 {
		p.csizes = addNumber(p.csizes, a.csize)
	}
	for _, n := range a.other {
		p.csizes = addNumber(p.csizes, n)
	}
	if a.usize >= 0 {
		p.sizes = addNumber(p.sizes, a.usize)
	}
	if (a.csize >= 0 || a.crc != 0) && !(a.ae2 && a.crc == 0) {
		p.crcs = addNumber(p.crcs, a.crc)
	}
	p.checks[a.crc>>24], p.checks[a.time>>8] = true, true
}

// addNumber adds a value once, to a list that stays short.
func addNumber[T cmp.Ordered](list []T, v T) []T {
	if len(list) >= 2*maxReadings || slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// compare notes where two accounts of one member differ.
func (z *file) compare(m *level.Member, a, b *account) {
	if a == b {
		return
	}
	if a.method != b.method {
		level.Note(m, anomaly.MethodDiffer)
	}
	if string(a.raw) != string(b.raw) {
		level.Note(m, anomaly.NameDiffer)
	}
	if a.encrypted() != b.encrypted() {
		level.Note(m, anomaly.EncryptDiffer)
	}
	if b.csize < 0 || a.csize < 0 {
		return // a data descriptor says it later
	}
	if a.csize != b.csize || a.usize != b.usize && a.usize >= 0 && b.usize >= 0 || len(a.other)+len(b.other) > 0 {
		level.Note(m, anomaly.SizeDiffer)
	}
	if a.crc != b.crc && (b.crc != 0 || b.flags&flagDescriptor == 0) {
		level.Note(m, anomaly.CRCDiffer)
	}
}

func (z *file) addNames(m *level.Member, a *account) {
	if a.unicode != "" {
		level.AddName(m, a.unicode, z.limits.NameBytes)
		if a.unicode != string(a.raw) && a.flags&flagUTF8 != 0 {
			level.Note(m, anomaly.NameDiffer)
		}
	}
	if len(a.raw) == 0 {
		level.Note(m, anomaly.NameEmpty)
		return
	}
	names := level.DecodeNames(a.raw, level.CP437)
	if a.flags&flagUTF8 != 0 {
		names = names[:1]
	}
	for _, n := range names {
		level.AddName(m, n, z.limits.NameBytes)
	}
}

func isDir(a *account) bool {
	if n := len(a.raw); n > 0 && (a.raw[n-1] == '/' || a.raw[n-1] == '\\') {
		return true
	}
	return a.central && a.attrs&0x10 != 0
}
