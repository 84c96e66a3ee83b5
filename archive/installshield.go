package archive

import (
	"bufio"
	"bytes"
	"io"
)

// shieldMagic begins what InstallShield puts behind its program: a head, then files
// one after the other. There is no specification; the layout is that of setups in
// the field.
const shieldMagic = "InstallShield\x00"

// Lengths in bytes.
const (
	shieldLead  = 4 << 10 // before the head at most: what is left of debugging data
	shieldHead  = 46      // the magic, the number of files, nothing
	shieldName  = 260
	shieldEntry = 312 // before each file
	shieldBlock = 1 << 10
)

// Flags of a file.
const (
	shieldEncoded = 2 | 4 // with its name as the key
	shieldBlocks  = 4     // the key begins anew with each block
)

// shieldKey is mixed into a file's name.
var shieldKey = [4]byte{0x13, 0x35, 0x86, 0x07}

func detectInstallShield(p *probe) bool {
	return findShield(p.head, p.size) >= 0 || isShieldCab(p.head) || isShieldSetup(p.head, p.size)
}

// findShield returns where the head is, -1 if there is none: the magic, followed by a
// first entry that makes sense.
func findShield(head []byte, size int64) int64 {
	head = head[:min(len(head), shieldLead)]
	i := bytes.Index(head, []byte(shieldMagic))
	if i < 0 || len(head)-i < shieldHead+shieldEntry {
		return -1
	}
	f := newFields(bytes.NewReader(head), int64(len(head)))
	f.off = int64(i + len(shieldMagic))
	count := f.u16()
	f.off = int64(i + shieldHead)
	name, _, found := bytes.Cut(f.next(shieldName), []byte{0})
	printable := len(name) > 0 && bytes.IndexFunc(name, func(r rune) bool { return r < ' ' }) < 0
	f.skip(8)
	n := int64(f.u32())
	if count == 0 || !found || !printable || n > size-int64(i)-shieldHead-shieldEntry {
		return -1
	}
	return int64(i)
}

// openInstallShield opens the files of a setup program.
func openInstallShield(src io.ReaderAt, size int64, l Limits) (walker, error) {
	head := make([]byte, shieldLead)
	n, err := src.ReadAt(head[:min(int64(len(head)), size)], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	at := findShield(head[:n], size)
	switch {
	case at >= 0:
	case isShieldCab(head[:n]):
		return openShieldCab(src, size, l)
	default:
		return openShieldSetup(src, size, l)
	}
	f := newFields(src, size)
	f.off = at + int64(len(shieldMagic))
	count := int(f.u16())
	f.off = at + shieldHead
	s := &steps{}
	s.then(shieldFile(s, f, count, l.NameBytes))
	return s, nil
}

// shieldFile yields the next of count files.
func shieldFile(s *steps, f *fields, count, maxName int) step {
	return func() error {
		if count == 0 || f.err != nil {
			return f.err
		}
		if f.left() < shieldEntry {
			s.note(AnomalyTruncated)
			return nil
		}
		name, _, _ := bytes.Cut(bytes.Clone(f.next(shieldName)), []byte{0})
		flags := f.u32()
		f.skip(4)
		n := int64(f.u32())
		f.skip(shieldEntry - shieldName - 12)
		m := &Member{Method: "stored", Size: n}
		m.addName(decodeANSI(name, codePage(0)), maxName)
		if n > f.left() {
			m.note(AnomalyTruncated)
		}
		body := f.rest(n)
		f.skip(min(n, f.left()))
		s.then(shieldFile(s, f, count-1, maxName))
		s.yield(m, shieldBody(m, body, name, flags))
		return nil
	}
}

// shieldBody decodes a file, and inflates it if it is a zlib stream then.
func shieldBody(m *Member, body io.Reader, name []byte, flags uint32) io.Reader {
	if flags&shieldEncoded == 0 || len(name) == 0 {
		return body
	}
	m.Method = "installshield"
	d := &shieldDecoder{r: &source{body}, blocks: flags&shieldBlocks != 0}
	for i, c := range name {
		d.key = append(d.key, c^shieldKey[i%len(shieldKey)])
	}
	in := bufio.NewReaderSize(d, shieldBlock)
	head, _ := in.Peek(2)
	if len(head) == 2 && head[0] == 0x78 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		m.Method, m.Size = "deflate", -1
		return &zlibBody{src: in, want: -1}
	}
	return &plainBody{in}
}

// shieldDecoder undoes the encoding: halves of a byte swapped, then mixed with the key.
type shieldDecoder struct {
	r      io.Reader
	key    []byte
	blocks bool
	at     int // in the file, or in the block
}

func (d *shieldDecoder) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	for i, c := range p[:n] {
		p[i] = ^(d.key[d.at%len(d.key)] ^ (c<<4 | c>>4))
		if d.at++; d.blocks && d.at == shieldBlock {
			d.at = 0
		}
	}
	return n, err
}

// plainBody puts the errors of a marked source back to what they are.
type plainBody struct{ r io.Reader }

func (b *plainBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = bodyError(err)
	}
	return n, err
}
