package archive

import (
	"cmp"
	"fmt"
	"slices"
)

// group is all accounts of what lies behind one local header.
type group struct {
	offset   int64 // of the local header
	loaded   bool
	local    *account   // nil if the file ends inside it
	central  []*account // not read yet into a plan
	queued   bool       // in zipFile.groups
	unlisted bool       // no directory of this file lists it
	orphan   bool       // listed by a directory header that no end record reaches
}

// bodyKey is one way to read bytes of the file as a body.
type bodyKey struct {
	data   int64
	method uint16
	length int64 // -1 where the stream itself says where it ends
}

// planned is a member to be yielded.
type planned struct {
	key    bodyKey
	member *Member
	crcs   []uint32
	sizes  []int64 // declared uncompressed sizes
	claim  int64   // smallest declared compressed size, -1 if there is none
	aes    int     // the method that the AES field gives
	strong bool
	descr  bool // a data descriptor follows
	// tentative readings are only members if they decode.
	tentative bool
	offDisk   bool // said to be on another volume, and not found here
	broken    bool // no local header there
}

// load reads a group's local header once.
func (z *zipFile) load(g *group) (err error) {
	if !g.loaded {
		g.loaded = true
		g.local, err = z.readLocal(g.offset)
	}
	return err
}

// planGroup turns a group's accounts into members, one for each method and, for
// stored ones, each length.
func (z *zipFile) planGroup(g *group) ([]*planned, error) {
	if err := z.load(g); err != nil {
		return nil, err
	}
	accounts := g.central
	g.central, g.queued = nil, false
	if g.local == nil {
		return []*planned{z.lost(g, accounts)}, nil
	}
	if !g.local.broken || len(accounts) == 0 {
		accounts = append(accounts, g.local)
	}
	var methods []uint16
	for _, a := range accounts {
		if !slices.Contains(methods, a.method) {
			methods = append(methods, a.method)
		}
		if len(methods) == maxReadings {
			break
		}
	}
	var plan []*planned
	for _, m := range methods {
		lengths := []int64{-1}
		if m == methodStored {
			var err error
			if lengths, err = z.storedLengths(g, accounts); err != nil {
				return nil, err
			}
		}
		for _, n := range lengths {
			p := z.describe(g, accounts, bodyKey{g.local.data, m, n})
			if len(lengths) > 1 {
				p.member.note(AnomalyStoredSize)
			}
			plan = append(plan, p)
		}
		if len(lengths) > 1 && !slices.Contains(methods, methodDeflate) {
			// Both headers may lie about the method, for a loader that knows.
			p := z.describe(g, accounts, bodyKey{g.local.data, methodDeflate, -1})
			p.tentative, p.member.Reading = true, "data"
			p.member.note(AnomalyHiddenDeflate)
			plan = append(plan, p)
		}
	}
	return plan, nil
}

// maxReadings bounds the ways in which one member's headers can be read.
const maxReadings = 8

// lost is a member whose local header the file does not hold.
func (z *zipFile) lost(g *group, accounts []*account) *planned {
	p := z.describe(g, accounts, bodyKey{g.offset, accounts[0].method, -1})
	p.broken = true
	return p
}

// describe collects what all accounts say about a body.
func (z *zipFile) describe(g *group, accounts []*account, key bodyKey) *planned {
	m := &Member{Size: -1, Method: methodName(key.method)}
	p := &planned{key: key, member: m, claim: -1, aes: -1}
	var central, local bool
	first := accounts[0]
	for _, a := range accounts {
		if a.method == key.method {
			central, local = central || a.central, local || !a.central
		}
		z.compare(m, first, a)
		p.add(a)
		z.addNames(m, a)
		m.Encrypted = m.Encrypted || a.encrypted()
		m.Dir = m.Dir || isDir(a)
		if a.central && a.disk != 0 && a.disk != 0xffff {
			p.offDisk = true
			z.note(AnomalyMultiDisk)
		}
		if a.flags&(flagPatch|flagMasked|flagReserved) != 0 {
			m.note(AnomalyUnknownFlags)
		}
	}
	if g.local != nil && g.local.broken && len(accounts) > 0 && accounts[0].central {
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
	if len(p.sizes) > 0 {
		m.Size = p.sizes[0]
	}
	if g.unlisted {
		m.note(AnomalyUnlisted)
	}
	if g.orphan {
		m.note(AnomalyOrphanCentral)
	}
	if len(m.Names) == 0 {
		m.note(AnomalyNameEmpty)
	}
	return p
}

// add takes over what an account declares about the body's bytes.
func (p *planned) add(a *account) {
	p.descr = p.descr || a.flags&flagDescriptor != 0
	p.strong = p.strong || a.flags&flagStrong != 0
	p.aes = max(p.aes, a.aes)
	if a.csize >= 0 && (p.claim < 0 || a.csize < p.claim) {
		p.claim = a.csize
	}
	if a.usize >= 0 {
		p.sizes = addNumber(p.sizes, a.usize)
	}
	if a.csize >= 0 || a.crc != 0 {
		p.crcs = addNumber(p.crcs, a.crc)
	}
}

// addNumber adds a value once, to a list that stays short.
func addNumber[T cmp.Ordered](list []T, v T) []T {
	if len(list) >= 2*maxReadings || slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// compare notes where two accounts of one member differ.
func (z *zipFile) compare(m *Member, a, b *account) {
	if a == b {
		return
	}
	if a.method != b.method {
		m.note(AnomalyMethodDiffer)
	}
	if string(a.raw) != string(b.raw) {
		m.note(AnomalyNameDiffer)
	}
	if a.encrypted() != b.encrypted() {
		m.note(AnomalyEncryptDiffer)
	}
	if b.csize < 0 || a.csize < 0 {
		return // a data descriptor says it later
	}
	if a.csize != b.csize || a.usize != b.usize || len(a.other)+len(b.other) > 0 {
		m.note(AnomalySizeDiffer)
	}
	if a.crc != b.crc && (b.crc != 0 || b.flags&flagDescriptor == 0) {
		m.note(AnomalyCRCDiffer)
	}
}

func (z *zipFile) addNames(m *Member, a *account) {
	if a.unicode != "" {
		m.addName(a.unicode, z.limits.NameBytes)
		if a.unicode != string(a.raw) && a.flags&flagUTF8 != 0 {
			m.note(AnomalyNameDiffer)
		}
	}
	if len(a.raw) == 0 {
		m.note(AnomalyNameEmpty)
		return
	}
	names := decodeNames(a.raw, cp437)
	if a.flags&flagUTF8 != 0 {
		names = names[:1]
	}
	for _, n := range names {
		m.addName(n, z.limits.NameBytes)
	}
}

func isDir(a *account) bool {
	if n := len(a.raw); n > 0 && (a.raw[n-1] == '/' || a.raw[n-1] == '\\') {
		return true
	}
	return a.central && a.attrs&0x10 != 0
}

// storedLengths returns the lengths that readers may take for a stored body,
// the longest first.
func (z *zipFile) storedLengths(g *group, accounts []*account) ([]int64, error) {
	room := z.size - g.local.data
	var all []int64
	for _, a := range accounts {
		sizes := append([]int64{a.csize}, a.other...)
		if !a.encrypted() {
			sizes = append(sizes, a.usize)
		}
		for _, n := range sizes {
			if n >= 0 {
				all = addNumber(all, min(n, room))
			}
		}
	}
	if g.local.csize < 0 && !z.descriptorFits(g.local.data, all) {
		n, err := z.searchStoredEnd(g.local.data)
		if err != nil {
			return nil, err
		}
		all = addNumber(all, n)
	}
	slices.Sort(all)
	slices.Reverse(all)
	if len(all) > 1 && all[len(all)-1] == 0 {
		all = all[:len(all)-1] // an empty reading hides nothing
	}
	return all[:min(len(all), maxReadings)], nil
}

// descriptorFits says whether a data descriptor confirms one of the lengths.
func (z *zipFile) descriptorFits(data int64, lengths []int64) bool {
	for _, n := range lengths {
		if z.descriptor(data+n, n).length > 0 {
			return true
		}
	}
	return false
}

// Methods, APPNOTE.TXT section 4.4.5.
const (
	methodStored  = 0
	methodDeflate = 8
	methodAES     = 99
)

var methodNames = map[uint16]string{
	0: "stored", 1: "shrink", 2: "reduce-1", 3: "reduce-2", 4: "reduce-3", 5: "reduce-4",
	6: "implode", 8: "deflate", 9: "deflate64", 10: "dcl-implode", 12: "bzip2", 14: "lzma",
	16: "cmpsc", 18: "terse", 19: "lz77", 20: "zstd-old", 93: "zstd", 94: "mp3", 95: "xz",
	96: "jpeg", 97: "wavpack", 98: "ppmd", 99: "aes",
}

func methodName(m uint16) string {
	if n, ok := methodNames[m]; ok {
		return n
	}
	return fmt.Sprintf("method-%d", m)
}
