package archive

import "io"

// packageMost is the length up to which a name in a package is looked for, in bytes.
const packageMost = 32 << 10

// packaged is a file that was put into a document as an object of the class
// "Package": by the program Packager, by pasting or by "insert, object, from file".
type packaged struct {
	names     []string // label, file name, path of the temporary copy
	at        int64    // offset of the file's bytes
	size      int64    // declared
	sizeFits  bool     // the source has them all
	wideNames int64    // offset of the names in UTF-16, behind the bytes
}

// parsePackage reads the head of a packaged file, at the present offset. It is false
// if what is there is not one ([MS-OLEDS] leaves the layout open: it is Packager's).
func parsePackage(f *fields, max int) (p packaged, ok bool) {
	f.skip(2)
	label := f.cString(max, packageMost)
	file := f.cString(max, packageMost)
	kind := f.u32()
	path := f.some(int64(f.u32()), max)
	p.size = int64(f.u32())
	// 1 is a link, which has no bytes.
	if f.short || f.err != nil || kind>>16 != 3 {
		return p, false
	}
	for _, raw := range [][]byte{file, label, path} {
		p.names = append(p.names, decodeANSI(raw, codePage(0)))
	}
	p.at = f.off
	p.sizeFits = p.size <= f.left()
	p.wideNames = p.at + p.size
	return p, true
}

// addNames gives a member the names of a packaged file. Those in UTF-16 were added
// for Windows XP and stand behind the bytes: path, label, file name.
func (p *packaged) addNames(m *Member, f *fields, max int) {
	if p.sizeFits {
		f.off, f.short = p.wideNames, false
		var wide [3]string
		for i := range wide {
			n := 2 * int64(f.u32())
			if f.short || n > f.left() {
				break
			}
			wide[i] = decodeUTF16(f.some(n, max))
		}
		for _, i := range [3]int{2, 1, 0} {
			if wide[i] != "" {
				m.addName(wide[i], max)
			}
		}
	}
	for _, name := range p.names {
		if name != "" {
			m.addName(name, max)
		}
	}
}

// oleNative opens the stream that holds an object of the OLE of Windows 3.1
// ([MS-OLEDS] section 2.3.6): a length, then the object's own data.
func (o *oleFile) oleNative(s *oleStream) error {
	f := newFields(s, s.size)
	total := int64(f.u32())
	p, ok := parsePackage(f, o.limits.NameBytes)
	if f.err != nil {
		return f.err
	}
	if ok {
		m := &Member{Method: "stored", Size: p.size}
		p.addNames(m, f, o.limits.NameBytes)
		m.addName(s.member.Names[0], o.limits.NameBytes)
		if !p.sizeFits {
			m.note(AnomalyTruncated)
		}
		o.yield(m, io.NewSectionReader(s, p.at, min(p.size, s.size-p.at)))
		if p.sizeFits && p.at+p.size <= total+4 {
			return nil
		}
	}
	// What is not a package is the data of some other program; and where the
	// lengths disagree, one may take more than was taken here.
	if s.size > 4 {
		s.member.Size = s.size - 4
		o.yield(s.member, io.NewSectionReader(s, 4, s.size-4))
	}
	return nil
}
