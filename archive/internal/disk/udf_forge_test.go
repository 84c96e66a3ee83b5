package disk

import "encoding/binary"

// udfForge writes a UDF volume of 2,048-byte blocks whose partition begins at
// sector 300. Every field can be bent through the hooks.
type udfForge struct {
	disc     []byte
	next     uint32 // block of the partition that is free
	adKind   uint16 // of allocation descriptor: 0 short, 1 long, 2 extended, 3 embedded
	extended bool   // extended file entries
	ref      uint16 // partition reference of file entries and long descriptors
	maps     []byte // partition maps
	nmaps    uint32
	delta    uint32 // added to blocks in file identifiers and long descriptors
	split    bool   // each file's descriptors are continued elsewhere
	anchors  []int64
}

const (
	udfForgeBlock  = 2048
	udfForgeStart  = 300
	udfForgeBlocks = 1024
)

func newUDFForge() *udfForge {
	u := &udfForge{disc: make([]byte, udfForgeBlocks*udfForgeBlock), next: 2, anchors: []int64{256}}
	u.maps, u.nmaps = []byte{1, 6, 1, 0, 0, 0}, 1
	return u
}

func (u *udfForge) sector(n int64) []byte { return u.disc[n*udfForgeBlock:][:udfForgeBlock] }
func (u *udfForge) block(n uint32) []byte { return u.sector(udfForgeStart + int64(n)) }

func (u *udfForge) alloc(n uint32) uint32 {
	at := u.next
	u.next += n
	return at
}

// seal fills a descriptor's tag.
func udfSeal(b []byte, id uint16, location uint32) {
	binary.LittleEndian.PutUint16(b, id)
	binary.LittleEndian.PutUint16(b[2:], 2)
	binary.LittleEndian.PutUint32(b[12:], location)
	covered := b[16:min(len(b), 512)]
	binary.LittleEndian.PutUint16(b[8:], crcITU(covered))
	binary.LittleEndian.PutUint16(b[10:], uint16(len(covered)))
	b[4] = 0
	sum := byte(0)
	for _, c := range b[:16] {
		sum += c
	}
	b[4] = sum
}

// crcITU is the checksum of ECMA-167 section 7.2.6.
func crcITU(b []byte) (crc uint16) {
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

func putLongAD(b []byte, n, block uint32, ref uint16) {
	binary.LittleEndian.PutUint32(b, n)
	binary.LittleEndian.PutUint32(b[4:], block)
	binary.LittleEndian.PutUint16(b[8:], ref)
}

// ad appends one allocation descriptor of the forge's kind.
func (u *udfForge) ad(b []byte, n, block uint32) []byte {
	switch u.adKind {
	case 0:
		b = binary.LittleEndian.AppendUint32(b, n)
		return binary.LittleEndian.AppendUint32(b, block)
	case 1:
		b = append(b, make([]byte, 16)...)
		putLongAD(b[len(b)-16:], n, block+u.delta, u.ref)
	case 2:
		b = append(b, make([]byte, 20)...)
		e := b[len(b)-20:]
		binary.LittleEndian.PutUint32(e, n)
		putLongAD(e[8:], n, block+u.delta, u.ref)
	}
	return b
}

// entry writes a file entry and returns its block.
func (u *udfForge) entry(kind byte, body []byte) uint32 {
	at := u.alloc(1)
	u.entryAt(at, kind, body)
	return at
}

func (u *udfForge) entryAt(at uint32, kind byte, body []byte) {
	b := u.block(at)
	fixed, lengths, id := 176, 168, uint16(udfFileEntry)
	if u.extended {
		fixed, lengths, id = 216, 208, udfExtendedEntry
		binary.LittleEndian.PutUint64(b[64:], uint64(len(body)))
	}
	binary.LittleEndian.PutUint16(b[20:], 4) // strategy
	b[27] = kind
	binary.LittleEndian.PutUint16(b[34:], u.adKind)
	binary.LittleEndian.PutUint64(b[56:], uint64(len(body)))
	data := body
	if u.adKind != 3 {
		data = u.store(body)
	}
	binary.LittleEndian.PutUint32(b[lengths+4:], uint32(len(data)))
	copy(b[fixed:], data)
	udfSeal(b, id, at)
}

// store writes a body in two extents, and returns its descriptors.
func (u *udfForge) store(body []byte) (ads []byte) {
	half := len(body) / 2 / udfForgeBlock * udfForgeBlock
	for _, piece := range [][]byte{body[:half], body[half:]} {
		if len(piece) == 0 {
			continue
		}
		n := uint32((len(piece) + udfForgeBlock - 1) / udfForgeBlock)
		at := u.alloc(n)
		copy(u.disc[(udfForgeStart+int64(at))*udfForgeBlock:], piece)
		ads = u.ad(ads, uint32(len(piece)), at)
	}
	if u.split {
		at := u.alloc(1)
		b := u.block(at)
		binary.LittleEndian.PutUint32(b[20:], uint32(len(ads)))
		copy(b[24:], ads)
		udfSeal(b, udfExtentDesc, at)
		ads = u.ad(nil, 3<<30|udfForgeBlock, at)
	}
	return ads
}

// fid appends a file identifier.
func (u *udfForge) fid(dir []byte, traits byte, name string, icb uint32) []byte {
	raw := []byte{}
	if name != "" {
		raw = append([]byte{8}, name...)
	}
	b := make([]byte, (38+len(raw)+3)&^3)
	b[16] = 1
	b[18], b[19] = traits, byte(len(raw))
	putLongAD(b[20:], udfForgeBlock, icb+u.delta, u.ref)
	copy(b[38:], raw)
	udfSeal(b, udfFileID, 0)
	return append(dir, b...)
}

// finish writes the file set and the volume's descriptors.
func (u *udfForge) finish(root uint32) []byte {
	fs := u.block(0)
	putLongAD(fs[400:], udfForgeBlock, root+u.delta, u.ref)
	udfSeal(fs, udfFileSet, 0)

	pd := u.sector(257)
	binary.LittleEndian.PutUint32(pd[188:], udfForgeStart)
	binary.LittleEndian.PutUint32(pd[192:], udfForgeBlocks-udfForgeStart)
	copy(pd[25:], "+NSR02")
	udfSeal(pd, udfPartitionDesc, 257)

	lv := u.sector(258)
	binary.LittleEndian.PutUint32(lv[212:], udfForgeBlock)
	copy(lv[217:], "*OSTA UDF Compliant")
	putLongAD(lv[248:], udfForgeBlock, u.delta, u.ref)
	binary.LittleEndian.PutUint32(lv[264:], uint32(len(u.maps)))
	binary.LittleEndian.PutUint32(lv[268:], u.nmaps)
	copy(lv[440:], u.maps)
	udfSeal(lv, udfLogicalVolume, 258)
	udfSeal(u.sector(259), udfTerminator, 259)

	for i, id := range []string{"BEA01", "NSR02", "TEA01"} {
		copy(u.sector(int64(16 + i))[1:], id+"\x01")
	}
	for _, n := range u.anchors {
		av := u.sector(n)
		binary.LittleEndian.PutUint32(av[16:], 16*udfForgeBlock)
		binary.LittleEndian.PutUint32(av[20:], 257)
		udfSeal(av, udfAnchor, uint32(n))
	}
	return u.disc
}

// typeTwo is a partition map of a named kind.
func typeTwo(name string) []byte {
	m := make([]byte, 64)
	m[0], m[1] = 2, 64
	copy(m[5:], name)
	m[36] = 1 // volume sequence number
	return m
}
