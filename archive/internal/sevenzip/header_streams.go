package sevenzip

// rest are the folders behind those that are kept.
type rest struct {
	folders int
	outs    int
	hasCRC  []byte // bits
	streams int    // whose digests are not those of the folders
	cuts    int    // streams that have a size
}

func (r *rest) add(outs int) {
	if r.folders%8 == 0 {
		r.hasCRC = append(r.hasCRC, 0)
	}
	r.folders, r.outs = r.folders+1, r.outs+outs
}

func (r *rest) digest(i int) { r.hasCRC[i/8] |= 0x80 >> (i % 8) }

// divide says that the i-th has n streams.
func (r *rest) divide(i, n int) {
	if n != 1 || !bit(r.hasCRC, i) {
		r.streams += n
	}
	r.cuts += max(0, n-1)
}

// subStreams reads how folders are divided.
func (p *parser) subStreams(db *database) {
	id := p.id()
	if id == id7zNumStreams {
		p.divide(db)
		id = p.id()
	} else {
		for i := range db.rest.folders {
			db.rest.divide(i, 1)
		}
	}
	if id == id7zSize {
		p.cuts(db)
		id = p.id()
	}
	for p.err == nil && id != id7zEnd {
		if id == id7zCRC {
			p.subDigests(db)
		} else {
			p.c.Bytes(p.count("bytes"))
		}
		id = p.id()
		if p.c.Short {
			p.fail("streams")
		}
	}
}

// divide reads how many streams each folder has.
func (p *parser) divide(db *database) {
	total := uint64(0)
	for i := range len(db.folders) + db.rest.folders {
		n := p.number()
		// Each but the last has a size of one byte at least.
		if total += n; total > uint64(len(p.c.Rest)+len(db.folders)+db.rest.folders+1) || p.err != nil {
			p.fail("number of streams")
			return
		}
		if i < len(db.folders) {
			db.folders[i].parts, db.folders[i].divided = int(n), true
		} else {
			db.rest.divide(i-len(db.folders), int(n))
		}
	}
}

// cuts reads the sizes of all streams but the last of each folder.
func (p *parser) cuts(db *database) {
	kept := 0
	for i := range db.folders {
		f := &db.folders[i]
		for n := f.streams() - 1; n > 0 && p.err == nil; n-- {
			if size := p.size(); kept < p.files {
				f.cuts = append(f.cuts, size)
				kept++
			}
		}
	}
	p.skipNumbers(db.rest.cuts)
}

// subDigests reads the CRCs of the streams that have none from their folder.
func (p *parser) subDigests(db *database) {
	type place struct{ folder, stream int }
	var want []place
	n := db.rest.streams
	for i := range db.folders {
		f := &db.folders[i]
		k := f.streams()
		if k == 1 && f.hasCRC {
			continue
		}
		n += k
		for j := 0; j < k && len(want) < p.files; j++ {
			want = append(want, place{i, j})
		}
	}
	p.digests(n, func(i int, crc uint32) {
		if i >= len(want) {
			return
		}
		f := &db.folders[want[i].folder]
		for len(f.partCRC) <= want[i].stream {
			f.partCRC = append(f.partCRC, digest{})
		}
		f.partCRC[want[i].stream] = digest{crc, true}
	})
}
