package installshield

import (
	"bufio"
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// magic begins what InstallShield puts behind its program: a head, then files
// one after the other. There is no specification; the layout is that of setups in
// the field.
const magic = "InstallShield\x00"

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

// Format is how a setup of InstallShield is found and opened.
var Format = &level.Format{Name: "installshield", Detect: detectInstallShield, Open: openInstallShield}

func detectInstallShield(p *level.Probe) bool {
	return findShield(p.Head, p.Size) >= 0 || isCab(p.Head) || isSetup(p.Head, p.Size)
}

// findShield returns where the head is, -1 if there is none: the magic, followed by a
// first entry that makes sense.
func findShield(head []byte, size int64) int64 {
	head = head[:min(len(head), shieldLead)]
	i := bytes.Index(head, []byte(magic))
	if i < 0 || len(head)-i < shieldHead+shieldEntry {
		return -1
	}
	f := input.NewFields(bytes.NewReader(head), int64(len(head)))
	f.Off = int64(i + len(magic))
	count := f.U16()
	f.Off = int64(i + shieldHead)
	name, _, found := bytes.Cut(f.Next(shieldName), []byte{0})
	printable := len(name) > 0 && bytes.IndexFunc(name, func(r rune) bool { return r < ' ' }) < 0
	f.Skip(8)
	n := int64(f.U32())
	if count == 0 || !found || !printable || n > size-int64(i)-shieldHead-shieldEntry {
		return -1
	}
	return int64(i)
}

// openInstallShield opens the files of a setup program.
func openInstallShield(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head := make([]byte, shieldLead)
	n, err := src.ReadAt(head[:min(int64(len(head)), size)], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	at := findShield(head[:n], size)
	switch {
	case at >= 0:
	case isCab(head[:n]):
		return openCab(src, size, l)
	default:
		return openSetup(src, size, l)
	}
	f := input.NewFields(src, size)
	f.Off = at + int64(len(magic))
	count := int(f.U16())
	f.Off = at + shieldHead
	s := &level.Steps{}
	s.Then(file(s, f, count, l.NameBytes))
	return s, nil
}

// file yields the next of count files.
func file(s *level.Steps, f *input.Fields, count, maxName int) level.Step {
	return func() error {
		if count == 0 || f.Err != nil {
			return f.Err
		}
		if f.Left() < shieldEntry {
			s.Note(anomaly.Truncated)
			return nil
		}
		name, _, _ := bytes.Cut(bytes.Clone(f.Next(shieldName)), []byte{0})
		flags := f.U32()
		f.Skip(4)
		n := int64(f.U32())
		f.Skip(shieldEntry - shieldName - 12)
		m := &level.Member{Method: "stored", Size: n}
		level.AddName(m, text.DecodeANSI(name, text.CodePage(0)), maxName)
		if n > f.Left() {
			level.Note(m, anomaly.Truncated)
		}
		body := f.Rest(n)
		f.Skip(min(n, f.Left()))
		s.Then(file(s, f, count-1, maxName))
		s.Yield(m, shieldBody(m, body, name, flags))
		return nil
	}
}

// shieldBody decodes a file, and inflates it if it is a zlib stream then.
func shieldBody(m *level.Member, body io.Reader, name []byte, flags uint32) io.Reader {
	if flags&shieldEncoded == 0 || len(name) == 0 {
		return body
	}
	m.Method = "installshield"
	d := &decoder{r: &level.Marked{R: body}, blocks: flags&shieldBlocks != 0}
	for i, c := range name {
		d.key = append(d.key, c^shieldKey[i%len(shieldKey)])
	}
	in := bufio.NewReaderSize(d, shieldBlock)
	head, _ := in.Peek(2)
	if len(head) == 2 && head[0] == 0x78 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		m.Method, m.Size = "deflate", -1
		return &input.Zlib{Src: in, Want: -1}
	}
	return &level.Plain{R: in}
}

// decoder undoes the encoding: halves of a byte swapped, then mixed with the key.
type decoder struct {
	r      io.Reader
	key    []byte
	blocks bool
	at     int // in the block
	of     int // the key
}

func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	for i, c := range p[:n] {
		p[i] = ^(d.key[d.of] ^ (c<<4 | c>>4))
		if d.of++; d.of == len(d.key) {
			d.of = 0
		}
		if d.at++; d.blocks && d.at == shieldBlock {
			d.at, d.of = 0, 0
		}
	}
	return n, err
}
