package office

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// oleEntries is how many directory entries are read for each allowed member:
// storages, and streams that hold nothing of interest, are no members.
const oleEntries = 8

// oleFile walks a compound file: documents of Word, Excel and PowerPoint up to
// 2003, encrypted ones of any version, VBA projects, Windows Installer packages,
// Outlook messages. Its members are the streams as they stand, but the small
// properties of messages, of which one to a thousand people has ten thousand; and what
// comes out of a stream where that is plainer: files, source, decrypted documents.
type oleFile struct {
	level.Steps
	c       *cfb.File
	limits  level.Limits
	vbaLeft int64 // bytes of projects' descriptions that may still be decoded
	infos   int   // descriptions of an encryption that were met
	spins   int64 // rounds that may still be spent on excelPassword
	hwp     *hwpFile
}

// OLE is how a compound file is found and opened.
var OLE = &level.Format{Name: "ole", Detect: detectOLE, Open: openOLE}

func detectOLE(p *level.Probe) bool { return bytes.HasPrefix(p.Head, []byte(cfb.CfbMagic)) }

func openOLE(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	c, err := cfb.Open(src, size, oleEntries*l.Members)
	if err != nil {
		return nil, err
	}
	o := &oleFile{c: c, limits: l, vbaLeft: maxVBADir, spins: officeSpinFree}
	if err := o.findHWP(); err != nil {
		return nil, err
	}
	o.Then(o.storage(0), o.appended, func() error { return c.Over })
	return o, nil
}

// oleFreed is how many sectors behind the last one that is used are no anomaly: Office
// leaves some, with old bytes in them.
const oleFreed = 8

// appended yields what is behind all sectors that are used: other programs may open
// that, an archive for one, which they look for from the file's end.
func (o *oleFile) appended() error {
	at, err := o.c.Tail()
	if err != nil {
		return err
	}
	size := o.c.Size - at
	const chunk = 64 << 10
	for off := at; off < o.c.Size; off += chunk {
		b, err := saferead.UpTo(o.c.Src, off, chunk, o.c.Size, chunk)
		if err != nil {
			return err
		}
		if len(bytes.Trim(b, "\x00")) > 0 {
			if size > oleFreed<<o.c.Shift {
				o.Note(anomaly.Appended)
			}
			o.Yield(&level.Member{Method: "stored", Size: size}, saferead.Section(o.c.Src, at, size, o.c.Size))
			break
		}
	}
	return nil
}

func (o *oleFile) Anomalies() []string {
	for _, name := range o.c.Notes {
		o.Note(name)
	}
	return o.Notes
}

// storage looks at one storage and what is directly in it.
func (o *oleFile) storage(i int32) level.Step {
	return func() error {
		switch {
		case o.c.Child(i, msgProperties) >= 0:
			return o.message(i)
		case o.c.Child(i, "EncryptedPackage") >= 0:
			return o.encryptedPackage(i)
		case o.c.Child(i, "dir") >= 0 && o.c.Child(i, "_VBA_PROJECT") >= 0:
			return o.vbaProject(i)
		}
		return o.plainStorage(i)
	}
}

func (o *oleFile) plainStorage(i int32) error {
	var inside []level.Step
	for _, child := range o.c.Entries[i].Children {
		if o.c.Entries[child].IsFolder() {
			inside = append(inside, o.storage(child))
		} else {
			inside = append(inside, o.stream(child))
		}
	}
	o.Then(inside...)
	return nil
}

// oleStream is a stream on its way to be a member.
type oleStream struct {
	*cfb.Stream
	index  int32
	member *level.Member
}

// open returns a stream with its path as the member's name.
func (o *oleFile) open(i int32) (*oleStream, error) {
	e := &o.c.Entries[i]
	body, err := o.c.Open(e)
	if err != nil {
		return nil, err
	}
	m := &level.Member{Method: "stored", Size: e.Size}
	level.AddName(m, o.c.Path(i), o.limits.NameBytes)
	if body.Cut {
		level.Note(m, anomaly.Truncated)
	}
	if body.Lost {
		o.Note(anomaly.OLEChain)
	}
	return &oleStream{body, i, m}, nil
}

func (s *oleStream) section() *io.SectionReader { return io.NewSectionReader(s.Stream, 0, s.Size) }

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
func (o *oleFile) stream(i int32) level.Step {
	return func() error {
		s, err := o.open(i)
		if err != nil {
			return err
		}
		if f := oleStreams[strings.ToLower(o.c.Entries[i].Name)]; f != nil {
			if err := f(o, s); err != nil || !s.member.Encrypted {
				return err
			}
			return o.asStored(i)
		}
		if o.hwp.packs(o.c, i) {
			return o.hwpStream(s)
		}
		if s.Size > 0 {
			o.Yield(s.member, s.section())
		}
		if s.Short != nil {
			m := *s.member
			m.Reading = "cut"
			o.Yield(&m, io.NewSectionReader(s.Short, 0, s.Short.Size))
		}
		return nil
	}
}

// asStored yields a stream as it stands, beside what came out of it: nobody but the
// program that opens it knows whether that is right.
func (o *oleFile) asStored(i int32) error {
	s, err := o.open(i)
	if err != nil {
		return err
	}
	s.member.Reading = "stored"
	o.Yield(s.member, s.section())
	return nil
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
	o.broken(s.member, "rights management", level.ErrEncrypted)
	return nil
}

// broken adds a member whose body some program may read and this package cannot.
func (o *oleFile) broken(m *level.Member, what string, class error) {
	m.Err = fmt.Errorf("%s: %w", what, class)
	o.Yield(m, nil)
}
