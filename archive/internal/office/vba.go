package office

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// maxVBADir bounds what is read of the descriptions of a file's projects, in
// decoded bytes. A project of a thousand modules takes 200 KiB.
const maxVBADir = 2 << 20

// Records of a project's description ([MS-OVBA] section 2.3.4.2).
const (
	vbaCodePage      = 0x0003
	vbaVersion       = 0x0009
	vbaModuleName    = 0x0019
	vbaStreamName    = 0x001A
	vbaStreamUnicode = 0x0032
	vbaTextOffset    = 0x0031
	vbaClassModule   = 0x0022
	vbaModuleEnd     = 0x002B
)

// vbaModule is one module as the description has it.
type vbaModule struct {
	stream  string // name of its stream
	offset  int64  // of the compressed source in it
	isClass bool   // a class, or the code of a document or form
}

// vbaProject opens the storage of a Visual Basic project. Each module's stream
// holds compiled code, then its source, which is a member of its own.
func (o *oleFile) vbaProject(i int32) error {
	modules, err := o.vbaModules(i, len(o.c.Entries[i].Children))
	if err != nil {
		return err
	}
	byStream := make(map[string]vbaModule, len(modules))
	for _, m := range modules {
		byStream[strings.ToLower(m.stream)] = m
	}
	var inside []level.Step
	for _, child := range o.c.Entries[i].Children {
		e := &o.c.Entries[child]
		m, listed := byStream[strings.ToLower(e.Name)]
		switch {
		case e.IsFolder():
			inside = append(inside, o.storage(child))
		case listed:
			inside = append(inside, o.vbaSource(child, m, true))
		case e.Is("dir"):
			inside = append(inside, o.stream(child))
		default:
			inside = append(inside, o.vbaSource(child, vbaModule{stream: e.Name, offset: -1}, false))
		}
	}
	o.Then(inside...)
	return nil
}

// vbaModules reads the project's description. A damaged one lists fewer modules,
// or none. More than the storage has streams are none.
func (o *oleFile) vbaModules(i int32, most int) ([]vbaModule, error) {
	at := o.c.Child(i, "dir")
	if at < 0 {
		return nil, nil
	}
	s, err := o.open(at)
	if err != nil {
		return nil, err
	}
	dir, err := io.ReadAll(io.LimitReader(newVBASource(s.section()), o.vbaLeft))
	o.vbaLeft -= int64(len(dir))
	if err != nil && !isMalformed(err) {
		return nil, err
	}
	return parseVBADir(dir, most), nil
}

// parseVBADir reads the modules' records: an identifier, a length, and as many bytes.
func parseVBADir(dir []byte, most int) (modules []vbaModule) {
	var page encoding.Encoding = text.CodePage(0)
	var now vbaModule
	for len(dir) >= 6 && len(modules) < most {
		id, n := binary.LittleEndian.Uint16(dir), binary.LittleEndian.Uint32(dir[2:])
		if id == vbaVersion {
			n = 6 // the field says 4 ([MS-OVBA] section 2.3.4.2.1.11)
		}
		dir = dir[6:]
		if uint64(n) > uint64(len(dir)) {
			break
		}
		data := dir[:n]
		dir = dir[n:]
		switch id {
		case vbaCodePage:
			if n == 2 {
				page = text.CodePage(uint32(binary.LittleEndian.Uint16(data)))
			}
		case vbaModuleName:
			now = vbaModule{stream: text.DecodeANSI(data, page)}
		case vbaStreamName:
			now.stream = text.DecodeANSI(data, page)
		case vbaStreamUnicode:
			if name := text.DecodeUTF16(data); name != "" {
				now.stream = name
			}
		case vbaTextOffset:
			if n == 4 {
				now.offset = int64(binary.LittleEndian.Uint32(data))
			}
		case vbaClassModule:
			now.isClass = true
		case vbaModuleEnd:
			modules = append(modules, now)
			now = vbaModule{}
		}
	}
	return modules
}

// vbaSource yields one module's source. It is looked for where the description
// says, else by the words with which all source begins.
func (o *oleFile) vbaSource(i int32, v vbaModule, listed bool) level.Step {
	return func() error {
		s, err := o.open(i)
		if err != nil {
			return err
		}
		offset, err := s.vbaOffset(v.offset)
		if err != nil {
			return err
		}
		if offset >= 0 {
			o.Note(anomaly.Macros)
			m := &level.Member{Method: "vba", Size: -1, Anomalies: s.member.Anomalies}
			level.AddName(m, o.c.Path(i)+vbaExtension(v.isClass), o.limits.NameBytes)
			o.Yield(m, newVBASource(io.NewSectionReader(s, offset, s.Size-offset)))
		} else if listed {
			o.Note(anomaly.Macros)
			o.Note(anomaly.VBANoSource)
		}
		return o.stream(i)()
	}
}

func vbaExtension(isClass bool) string {
	if isClass {
		return ".cls"
	}
	return ".bas"
}

// vbaAttribute is how a container of source begins, behind its signature and first
// chunk's header: a byte of flags, and the attribute of the module's name, of which
// the ninth letter has flags of its own before it.
const vbaAttribute = "\x00Attribut"

// maxVBACarve is how many places are tried in one stream whose source is not where
// it should be.
const maxVBACarve = 64

// vbaOffset returns where in a module's stream the source is, -1 if nowhere.
func (s *oleStream) vbaOffset(claimed int64) (int64, error) {
	if claimed >= 0 && claimed < s.Size {
		ok, err := s.vbaDecodes(claimed)
		if ok || err != nil {
			return claimed, err
		}
	}
	attributes := input.NewSearch(s, s.Size, vbaAttribute)
	from := int64(0)
	for range maxVBACarve {
		at, err := attributes.Next(from)
		if at < 0 || err != nil {
			return -1, err
		}
		if ok, err := s.vbaDecodes(at - 3); ok || err != nil {
			return at - 3, err
		}
		from = at + 1
	}
	return -1, nil
}

// vbaDecodes says whether a container's first chunk can be read and has any text.
func (s *oleStream) vbaDecodes(offset int64) (bool, error) {
	if offset < 0 {
		return false, nil
	}
	v := newVBASource(io.NewSectionReader(s, offset, s.Size-offset))
	err := v.chunk()
	if err != nil && err != io.EOF && !isMalformed(err) {
		return false, err
	}
	return v.have > 0 && (err == nil || bytes.HasPrefix(v.out[:v.have], []byte("Attribut"))), nil
}

// isMalformed says whether an error is about the input, not about its source.
func isMalformed(err error) bool { return errors.Is(err, level.ErrMalformed) }
