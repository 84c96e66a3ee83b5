package archive

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// oleEntries is how many directory entries are read for each allowed member:
// storages, and streams that hold nothing of interest, are no members.
const oleEntries = 8

// oleFile walks a compound file: documents of Word, Excel and PowerPoint up to
// 2003, encrypted ones of any version, VBA projects, Windows Installer packages,
// Outlook messages. Its members are the streams, each in the form in which what it
// carries is plain; streams that are never more than bookkeeping are left out.
type oleFile struct {
	steps
	c       *cfb
	limits  Limits
	vbaLeft int64 // bytes of projects' descriptions that may still be decoded
	infos   int   // descriptions of an encryption that were met
	spins   int64 // rounds that may still be spent on excelPassword
}

func detectOLE(p *probe) bool { return bytes.HasPrefix(p.head, []byte(cfbMagic)) }

func openOLE(src io.ReaderAt, size int64, l Limits) (walker, error) {
	c, err := openCFB(src, size, oleEntries*l.Members)
	if err != nil {
		return nil, err
	}
	o := &oleFile{c: c, limits: l, vbaLeft: maxVBADir, spins: officeSpinFree}
	o.then(o.storage(0), o.appended, func() error { return c.over })
	return o, nil
}

// oleFreed is how many sectors behind the last one that is used are no anomaly: Office
// leaves some, with old bytes in them.
const oleFreed = 8

// appended yields what is behind all sectors that are used: other programs may open
// that, an archive for one, which they look for from the file's end.
func (o *oleFile) appended() error {
	at, err := o.c.tail()
	if err != nil {
		return err
	}
	size := o.c.size - at
	for off := at; off < o.c.size; off += oleProps {
		b, err := saferead.UpTo(o.c.src, off, oleProps, o.c.size, oleProps)
		if err != nil {
			return err
		}
		if len(bytes.Trim(b, "\x00")) > 0 && size >= oleTiny {
			if size > oleFreed<<o.c.shift {
				o.note(AnomalyAppended)
			}
			o.yield(&Member{Method: "stored", Size: size}, saferead.Section(o.c.src, at, size, o.c.size))
			break
		}
	}
	return nil
}

func (o *oleFile) anomalies() []string {
	for _, name := range o.c.notes {
		o.note(name)
	}
	return o.notes
}

// storage looks at one storage and what is directly in it.
func (o *oleFile) storage(i int32) step {
	return func() error {
		switch {
		case o.c.child(i, msgProperties) >= 0:
			return o.message(i)
		case o.c.child(i, "EncryptedPackage") >= 0:
			return o.encryptedPackage(i)
		case o.c.child(i, "dir") >= 0 && o.c.child(i, "_VBA_PROJECT") >= 0:
			return o.vbaProject(i)
		}
		return o.plainStorage(i)
	}
}

func (o *oleFile) plainStorage(i int32) error {
	var inside []step
	for _, child := range o.c.entries[i].children {
		if o.c.entries[child].isFolder() {
			inside = append(inside, o.storage(child))
		} else {
			inside = append(inside, o.stream(child))
		}
	}
	o.then(inside...)
	return nil
}

// oleStream is a stream on its way to be a member.
type oleStream struct {
	*cfbStream
	index  int32
	member *Member
}

// open returns a stream with its path as the member's name.
func (o *oleFile) open(i int32) (*oleStream, error) {
	e := &o.c.entries[i]
	body, err := o.c.open(e)
	if err != nil {
		return nil, err
	}
	m := &Member{Method: "stored", Size: e.size}
	m.addName(o.c.path(i), o.limits.NameBytes)
	if body.cut {
		m.note(AnomalyTruncated)
	}
	if body.lost {
		o.note(AnomalyOLEChain)
	}
	return &oleStream{body, i, m}, nil
}

func (s *oleStream) section() *io.SectionReader { return io.NewSectionReader(s.cfbStream, 0, s.size) }

// head returns the first n bytes of a stream, or all of a shorter one.
func (s *oleStream) head(n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := s.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b[:got], err
}

// stream opens one stream by what its name says that it is.
func (o *oleFile) stream(i int32) step {
	return func() error {
		s, err := o.open(i)
		if err != nil {
			return err
		}
		if f := oleStreams[strings.ToLower(o.c.entries[i].name)]; f != nil {
			return f(o, s)
		}
		head, err := s.head(8)
		if err != nil {
			return err
		}
		if !bookkeeping(o.c.entries[i].name, head, s.size) {
			o.yield(s.member, s.section())
		}
		return nil
	}
}

// oleStreams are the streams that are more than their bytes, by their names in
// lower case. What is in them counts wherever they stand.
var oleStreams = map[string]func(*oleFile, *oleStream) error{
	"\x01ole10native":      (*oleFile).oleNative,
	"worddocument":         (*oleFile).wordDocument,
	"workbook":             (*oleFile).workbook,
	"book":                 (*oleFile).workbook,
	"powerpoint document":  (*oleFile).powerPoint,
	"\x09drmcontent":       (*oleFile).rightsManaged,
	"\x09drmviewercontent": (*oleFile).rightsManaged,
}

// rightsManaged is a document that only a server's licence opens.
func (o *oleFile) rightsManaged(s *oleStream) error {
	s.member.Encrypted = true
	o.broken(s.member, "rights management", ErrEncrypted)
	return nil
}

// Sizes up to which a stream is too small to carry anything, in bytes.
const (
	oleTiny     = 24       // whatever its name is
	oleModules  = 256      // the list of a project's modules
	oleTable    = 512      // a table of an installer's database
	oleSettings = 1 << 10  // what describes encryption and programs
	oleProps    = 64 << 10 // a property set; thumbnails make them bigger
)

// bookkeeping says whether a stream is one of those that are in every document
// and only describe it. The name alone does not make it one: it must begin as such
// a stream does.
func bookkeeping(name string, head []byte, size int64) bool {
	lower := strings.ToLower(name)
	switch {
	case size < oleTiny:
		return true
	case strings.HasPrefix(name, string(msiTable)):
		return size < oleTable
	case strings.HasPrefix(name, "\x05"):
		return size <= oleProps && bytes.HasPrefix(head, []byte("\xFE\xFF\x00\x00")) // [MS-OLEPS] section 2.21
	case strings.HasPrefix(lower, "\x02olepres"):
		return bytes.HasPrefix(head, []byte("\xFF\xFF\xFF\xFF")) // [MS-OLEDS] section 2.3.4: a picture of the object
	case strings.HasPrefix(lower, "__srp_"):
		return bytes.HasPrefix(head, []byte("rU")) || bytes.HasPrefix(head, []byte("\x93K*")) // compiled code
	case lower == "projectwm":
		return size <= oleModules
	}
	begin, ok := oleHeads[lower]
	return ok && size <= oleSettings && bytes.HasPrefix(head, []byte(begin))
}

// oleHeads is how streams of bookkeeping begin, by their names in lower case.
var oleHeads = map[string]string{
	"\x01compobj":               "\x01\x00\xFE\xFF",                 // [MS-OLEDS] section 2.3.7
	"\x01ole":                   "\x01\x00\x00\x02\x00\x00\x00\x00", // section 2.3.3; without a link
	"current user":              "\x00\x00\xF6\x0F",                 // [MS-PPT] section 2.3.2
	"version":                   "\x3C\x00\x00\x00M\x00i\x00",       // these four: [MS-OFFCRYPTO] section 2.1
	"dataspacemap":              "\x08\x00\x00\x00\x01\x00\x00\x00",
	"strongencryptiondataspace": "\x08\x00\x00\x00\x01\x00\x00\x00",
	"\x06primary":               "\x58\x00\x00\x00\x01\x00\x00\x00",
}

// msiTable begins the names of an installer database's tables.
const msiTable = '\u4840'

// msiDigits are the characters that installers pack by two into one.
const msiDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"

// oleName decodes a name that Windows Installer has packed, because a stream's
// name has at most 31 characters: one or two characters of msiDigits are in each
// character between U+3800 and U+483F, and U+4840 marks a table, which others
// write as "!". The other names stay as they are.
func oleName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r >= 0x3800 && r <= msiTable }) {
		return name
	}
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 0x3800 && r < 0x4800:
			b.WriteByte(msiDigits[r&0x3F])
			b.WriteByte(msiDigits[(r-0x3800)>>6])
		case r >= 0x4800 && r < msiTable:
			b.WriteByte(msiDigits[r-0x4800])
		case r == msiTable:
			b.WriteByte('!')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// broken adds a member whose body some program may read and this package cannot.
func (s *steps) broken(m *Member, what string, class error) {
	m.Err = fmt.Errorf("%s: %w", what, class)
	s.yield(m, nil)
}
