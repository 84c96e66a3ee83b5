package sevenzip

func (p *parser) unpackInfo(db *database) {
	p.skipTo(id7zFolder)
	n := p.count("folders")
	if p.c.U8() != 0 {
		p.fail("folders are stored elsewhere")
	}
	for range n {
		if p.err != nil {
			return
		}
		if f := p.folder(); len(db.folders) < p.files {
			db.folders = append(db.folders, f)
		} else {
			db.rest.add(f.outs())
		}
	}
	p.skipTo(id7zUnpackSize)
	for i := range db.folders {
		for range db.folders[i].outs() {
			db.folders[i].sizes = append(db.folders[i].sizes, p.size())
		}
	}
	p.skipNumbers(db.rest.outs)
	for p.err == nil {
		switch p.id() {
		case id7zEnd:
			return
		case id7zCRC:
			p.digests(n, func(i int, crc uint32) {
				if i < len(db.folders) {
					db.folders[i].crc, db.folders[i].hasCRC = crc, true
				} else {
					db.rest.digest(i - len(db.folders))
				}
			})
		default:
			p.fail("property of folders")
		}
	}
}

// Bounds of one folder; 7-Zip's own.
const (
	max7zCoders  = 32
	max7zStreams = 64
)

// folder reads the coders of a folder and how they are joined.
func (p *parser) folder() (f folder) {
	n := p.number()
	if n == 0 || n > max7zCoders {
		p.fail("number of coders")
		return f
	}
	ins, outs := 0, 0
	for range n {
		c := p.coder()
		c.firstIn, c.firstOut = ins, outs
		ins, outs = ins+c.ins, outs+c.outs
		if p.err != nil || ins > max7zStreams || outs > max7zStreams {
			p.fail("number of coders' streams")
			return f
		}
		f.coders = append(f.coders, c)
	}
	for range outs - 1 {
		in, out := p.number(), p.number()
		if in >= uint64(ins) || out >= uint64(outs) {
			p.fail("joint of coders")
			return f
		}
		f.joints = append(f.joints, joint{int(in), int(out)})
	}
	packed := ins - len(f.joints)
	switch {
	case packed < 1:
		p.fail("no packed stream")
	case packed == 1:
		f.packed = []int{f.freeIn(ins)}
	default:
		for range packed {
			in := p.number()
			if in >= uint64(ins) {
				p.fail("packed stream")
				return f
			}
			f.packed = append(f.packed, int(in))
		}
	}
	return f
}

func (p *parser) coder() (c coder) {
	flags := p.c.U8()
	var id uint64
	for _, b := range p.c.Bytes(int(flags & 0x0f)) {
		id = id<<8 | uint64(b)
	}
	c.id, c.ins, c.outs = id, 1, 1
	if flags&0x10 != 0 {
		ins, outs := p.number(), p.number()
		if ins == 0 || ins > max7zStreams || outs == 0 || outs > max7zStreams {
			p.fail("streams of a coder")
			return c
		}
		c.ins, c.outs = int(ins), int(outs)
	}
	if flags&0x20 != 0 {
		c.props = p.c.Bytes(p.count("bytes"))
	}
	if flags&0xc0 != 0 || p.c.Short {
		p.fail("coder")
	}
	return c
}
