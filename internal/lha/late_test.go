package lha

// putLate writes what follows the symbol of a length, and returns the symbol.
func lateSymbol(t token) (c int, more uint32, bits int) {
	if t.n == 0 {
		return int(t.b), 0, 0
	}
	if c = 256 + t.n - minMatch; c >= lateChars-1 {
		return lateChars - 1, uint32(c - (lateChars - 1)), 8
	}
	return c, 0, 0
}

func packLH2(data []byte) []byte {
	var w bitsOut
	d := newLH2(&Reader{})
	for _, t := range tokens(data, 256, 8000) {
		c, more, bits := lateSymbol(t)
		w.putDynamic(d.dynamic, c)
		w.put(more, bits)
		if t.n == 0 {
			d.z.seen++
			continue
		}
		for ; d.z.seen > d.known && d.known < placeCount*placeBytes; d.known += placeBytes {
			d.places.add(int(d.known / placeBytes))
		}
		p := t.distance - 1
		var path []uint32
		for k := d.places.leaf[p>>6]; k != 0; k = d.places.parent[k] {
			path = append(path, uint32(k&1))
		}
		for i := len(path) - 1; i >= 0; i-- {
			w.put(path[i], 1)
		}
		d.places.update(p >> 6)
		w.put(uint32(p&63), 6)
		d.z.seen += int64(t.n)
	}
	return w.out
}

// canonical are the codes of some lengths.
func canonical(lengths []byte) []uint32 {
	codes := make([]uint32, len(lengths))
	code := uint32(0)
	for length := byte(1); length <= 16; length++ {
		code <<= 1
		for i, l := range lengths {
			if l == length {
				codes[i] = code
				code++
			}
		}
	}
	return codes
}

// flat are lengths of n codes that make a whole one.
func flat(n int) []byte {
	lengths := make([]byte, n)
	width := byte(0)
	for 1<<width < n {
		width++
	}
	short := 1<<width - n
	for i := range lengths {
		lengths[i] = width
		if i < short {
			lengths[i]--
		}
	}
	return lengths
}

func packLH3(data []byte) []byte {
	var w bitsOut
	all := tokens(data, 256, 8000)
	for block := 0; len(all) > 0; block++ {
		n := min(len(all), 700)
		w.put(uint32(n), 16)
		chars, places := flat(lateChars), flat(placeCount)
		for _, l := range chars {
			w.put(1, 1)
			w.put(uint32(l)-1, 4)
		}
		if block%2 == 0 {
			w.put(0, 1)
			places = knownPlaces[:]
		} else {
			w.put(1, 1)
			for _, l := range places {
				w.put(uint32(l), 4)
			}
		}
		charCodes, placeCodes := canonical(chars), canonical(places)
		for _, t := range all[:n] {
			c, more, bits := lateSymbol(t)
			w.put(charCodes[c], int(chars[c]))
			w.put(more, bits)
			if t.n > 0 {
				p := t.distance - 1
				w.put(placeCodes[p>>6], int(places[p>>6]))
				w.put(uint32(p&63), 6)
			}
		}
		all = all[n:]
	}
	return w.out
}

func packLK7(data []byte) []byte {
	var w bitsOut
	const symbols = 289
	chars, places := flat(symbols), flat(32)
	charCodes, placeCodes := canonical(chars), canonical(places)
	for all := tokens(data, 514, 60_000); len(all) > 0; {
		n := min(len(all), 3000)
		w.put(uint32(n), 16)
		// The lengths of the lengths: symbols 10 and 11 stand for 8 and 9.
		w.put(12, 5)
		for i := range 12 {
			if i >= 10 {
				w.put(1, 3)
			} else {
				w.put(0, 3)
			}
			if i == 2 {
				w.put(0, 2)
			}
		}
		w.put(symbols, 9)
		for _, l := range chars {
			w.put(uint32(l)-8, 1)
		}
		w.put(32, 6)
		for _, l := range places {
			w.put(uint32(l), 3)
		}
		for _, t := range all[:n] {
			if t.n == 0 {
				w.put(charCodes[t.b], int(chars[t.b]))
				continue
			}
			c, more, bits := 256+t.n-minMatch, 0, 0
			if v := t.n - minMatch; t.n == 514 {
				c = 288
			} else if v >= 8 {
				for v>>bits >= 8 {
					bits++
				}
				c, more = 260+4*bits+(v>>bits-4), v&(1<<bits-1)
			}
			w.put(charCodes[c], int(chars[c]))
			w.put(uint32(more), bits)
			p, low, width := t.distance-1, 0, 0
			if p >= 4 {
				for p>>width >= 4 {
					width++
				}
				low = p & (1<<width - 1)
				p = 2 + 2*width + (p >> width & 1)
			}
			w.put(placeCodes[p], int(places[p]))
			w.put(uint32(low), width)
		}
		all = all[n:]
	}
	return w.out
}
