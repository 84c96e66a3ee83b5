package office

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

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
func parsePackage(f *input.Fields, max int) (p packaged, ok bool) {
	f.Skip(2)
	label := f.CString(max, packageMost)
	file := f.CString(max, packageMost)
	kind := f.U32()
	path := f.Some(int64(f.U32()), max)
	p.size = int64(f.U32())
	// 1 is a link, which has no bytes.
	if f.Short || f.Err != nil || kind>>16 != 3 {
		return p, false
	}
	for _, raw := range [][]byte{file, label, path} {
		p.names = append(p.names, text.DecodeANSI(raw, text.CodePage(0)))
	}
	p.at = f.Off
	p.sizeFits = p.size <= f.Left()
	p.wideNames = p.at + p.size
	return p, true
}

// addNames gives a member the names of a packaged file. Those in UTF-16 were added
// for Windows XP and stand behind the bytes: path, label, file name.
func (p *packaged) addNames(m *level.Member, f *input.Fields, max int) {
	if p.sizeFits {
		f.Off, f.Short = p.wideNames, false
		var wide [3]string
		for i := range wide {
			n := 2 * int64(f.U32())
			if f.Short || n > f.Left() {
				break
			}
			wide[i] = text.DecodeUTF16(f.Some(n, max))
		}
		for _, i := range [3]int{2, 1, 0} {
			if wide[i] != "" {
				level.AddName(m, wide[i], max)
			}
		}
	}
	for _, name := range p.names {
		if name != "" {
			level.AddName(m, name, max)
		}
	}
}

// oleNative opens the stream that holds an object of the OLE of Windows 3.1
// ([MS-OLEDS] section 2.3.6): a length, then the object's own data.
func (o *oleFile) oleNative(s *oleStream) error {
	f := input.NewFields(s, s.Size)
	total := int64(f.U32())
	p, ok := parsePackage(f, o.limits.NameBytes)
	if f.Err != nil {
		return f.Err
	}
	if ok {
		m := &level.Member{Method: "stored", Size: p.size}
		p.addNames(m, f, o.limits.NameBytes)
		level.AddName(m, s.member.Names[0], o.limits.NameBytes)
		if !p.sizeFits {
			level.Note(m, anomaly.Truncated)
		}
		o.Yield(m, io.NewSectionReader(s, p.at, min(p.size, s.Size-p.at)))
		if p.sizeFits && p.at+p.size <= total+4 {
			return o.asStored(s.index)
		}
	}
	// What is not a package is the data of some other program; and where the
	// lengths disagree, one may take more than was taken here.
	if s.Size > 4 {
		s.member.Size = s.Size - 4
		o.Yield(s.member, io.NewSectionReader(s, 4, s.Size-4))
	}
	return o.asStored(s.index)
}
