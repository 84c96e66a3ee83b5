package plist

import (
	"io"
	"net/url"
	"path"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// table is where the objects are.
type table struct {
	src     io.ReaderAt
	size    int64 // of the file
	at      int64 // offset of the table
	count   int64 // of entries, no more than there is room for
	offSize int64 // bytes of an entry
	refSize int64 // bytes of a reference, which is an entry's number
	buf     []byte
	from    int64 // entry that buf begins with
}

// readTrailer reads the last bytes of the file; false if they tell of no table.
func (p *list) readTrailer() (bool, error) {
	p.table.refSize = 1
	b, err := saferead.UpTo(p.src, p.size-trailerBytes, trailerBytes, p.size, trailerBytes)
	if err != nil || len(b) < trailerBytes {
		return false, err
	}
	t := table{src: p.src, size: p.size, offSize: int64(b[6]), refSize: int64(b[7])}
	at, count := bigEndian(b[24:32]), bigEndian(b[8:16])
	if t.offSize == 0 || t.refSize == 0 || at < headBytes || at >= uint64(p.size) || count == 0 {
		return false, nil
	}
	t.at = int64(at)
	room := uint64((p.size - t.at) / t.offSize)
	t.count = int64(min(count, room))
	p.table = t
	return count <= room, nil
}

// tableBuffer is how much of the table is read at once, in bytes.
const tableBuffer = 4 << 10

// offset is the offset of an entry's object, -1 if it lies outside of the file.
func (t *table) offset(i int64) (int64, error) {
	if i < 0 || i >= t.count {
		return -1, nil
	}
	if in := (i - t.from) * t.offSize; i < t.from || in+t.offSize > int64(len(t.buf)) {
		var err error
		if t.buf, err = saferead.UpTo(t.src, t.at+i*t.offSize, tableBuffer, t.size, tableBuffer); err != nil {
			return 0, err
		}
		t.from = i
	}
	in := (i - t.from) * t.offSize
	if in+t.offSize > int64(len(t.buf)) {
		return -1, nil // the source ends before its size
	}
	if off := bigEndian(t.buf[in : in+t.offSize]); off < uint64(t.size) {
		return int64(off), nil
	}
	return -1, nil
}

// Bounds of the search for names: keys of a dictionary, keys in all, bytes of one.
const (
	maxPairs = 64
	maxKeys  = 16 << 10
	maxKey   = 1 << 10
)

// Keys of a resource in a web archive.
const (
	resourceData = "WebResourceData"
	resourceURL  = "WebResourceURL"
)

// readNames looks what the dictionaries call their objects.
func (p *list) readNames() error {
	keys := 0
	for i := int64(0); i < p.table.count && keys < maxKeys; i++ {
		off, err := p.table.offset(i)
		if err != nil {
			return err
		}
		o, err := p.object(off)
		if err != nil {
			return err
		}
		if o.kind != kindDict || o.pair == 0 || o.pair > maxPairs {
			continue
		}
		keys += int(o.pair)
		if err := p.readDict(o); err != nil {
			return err
		}
	}
	return nil
}

// readDict names the objects of one dictionary.
func (p *list) readDict(o object) error {
	refs, err := saferead.UpTo(p.src, o.body, o.n, p.size, int(2*maxPairs*p.table.refSize))
	if err != nil || int64(len(refs)) < o.n {
		return err
	}
	var data object
	var address string
	for i := range o.pair {
		key, err := p.referred(refs, i)
		if err != nil {
			return err
		}
		name, err := p.text(key)
		if err != nil {
			return err
		}
		value, err := p.referred(refs, o.pair+i)
		if err != nil {
			return err
		}
		switch {
		case name == resourceData:
			data = value
		case name == resourceURL:
			if address, err = p.text(value); err != nil {
				return err
			}
		case name != "" && p.carries(value):
			p.addName(value.off, name)
		}
	}
	if data.kind == kindData {
		if u, err := url.Parse(address); err == nil && path.Base(u.Path) != "/" && path.Base(u.Path) != "." {
			p.addName(data.off, path.Base(u.Path))
		}
		p.addName(data.off, address)
	}
	return nil
}

// maxNames is how many names one object has at most, from several dictionaries.
const maxNames = 4

func (p *list) addName(off int64, name string) {
	if name != "" && len(p.names[off]) < maxNames {
		p.names[off] = append(p.names[off], name)
	}
}

// referred is the object of the ith of some references.
func (p *list) referred(refs []byte, i int64) (object, error) {
	n := p.table.refSize
	ref := bigEndian(refs[i*n : (i+1)*n])
	off, err := p.table.offset(int64(min(ref, 1<<62)))
	if err != nil {
		return object{}, err
	}
	return p.object(off)
}

// text is a short string in ASCII or UTF-8, "" for anything else.
func (p *list) text(o object) (string, error) {
	if o.kind != kindASCII && o.kind != kindUTF8 || o.n > maxKey {
		return "", nil
	}
	b, err := saferead.UpTo(p.src, o.body, o.n, p.size, maxKey)
	return string(b), err
}
