package office

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// Documents of Hancom's word processor are compound files whose streams are deflated
// (Hancom, "Hwp Document File Formats 5.0", revision 1.3, section 3.2). The file header
// says so of all, the document's description of each embedded file; both are hints here,
// and the bytes decide.

// hwpHeader is the stream of the file header, and how it begins (section 3.2.1).
const (
	hwpHeader    = "FileHeader"
	hwpSignature = "HWP Document File"
)

// Properties of a document, of the header's field at offset 36.
const (
	hwpPassword    = 1 << 1
	hwpManaged     = 1 << 4 // by rights management
	hwpCertificate = 1 << 8 // encrypted for one
)

// hwpFile is what the header says; nil for other compound files.
type hwpFile struct{ encrypted bool }

// hwpFolders are the storages and streams in the root, in lower case, whose bytes are
// packed.
var hwpFolders = map[string]bool{
	"bindata": true, "bodytext": true, "viewtext": true, "scripts": true, "docinfo": true, "dochistory": true, "xmltemplate": true,
}

// findHWP looks for the header.
func (o *oleFile) findHWP() error {
	i := o.c.Child(0, hwpHeader)
	if i < 0 || o.c.Entries[i].IsFolder() {
		return nil
	}
	s, err := o.open(i)
	if err != nil {
		return err
	}
	b, err := s.head(40)
	if err != nil || !bytes.HasPrefix(b, []byte(hwpSignature)) {
		return err
	}
	o.hwp = new(hwpFile)
	if len(b) == 40 {
		o.hwp.encrypted = binary.LittleEndian.Uint32(b[36:])&(hwpPassword|hwpManaged|hwpCertificate) != 0
	}
	return nil
}

// packs says whether a stream is one of those that are packed.
func (h *hwpFile) packs(c *cfb.File, i int32) bool {
	if h == nil {
		return false
	}
	for range 4 { // storages within storages; there are none in honest files
		if c.Entries[i].Parent <= 0 {
			break
		}
		i = c.Entries[i].Parent
	}
	return hwpFolders[strings.ToLower(c.Entries[i].Name)]
}

// hwpStream yields a stream as it is stored, then what it decodes to.
func (o *oleFile) hwpStream(s *oleStream) error {
	if s.Size == 0 {
		return nil
	}
	o.Yield(s.member, s.section())
	packed := func() io.Reader { return s.section() }
	head, err := s.head(zlib.Head)
	if err != nil {
		return err
	}
	key, distributed := hwpKey(head)
	if distributed {
		packed = func() io.Reader { return newHWPReader(s.section(), key) }
		if head, err = readHead(packed(), zlib.Head); err != nil {
			return err
		}
	}
	m := &level.Member{Names: s.member.Names, Method: "stored", Size: -1, Packed: s.Size}
	switch may, whole := zlib.Deflated(head); {
	case may && (whole || distributed || !o.hwp.encrypted):
		m.Method = "deflate"
		return o.hwpBody(m, func() io.Reader {
			return &level.Plain{R: flate.NewReader(bufio.NewReader(&level.Marked{R: packed()}))}
		})
	case distributed:
		return o.hwpBody(m, packed)
	case o.hwp.encrypted:
		m.Encrypted = true
		o.broken(m, "document", level.ErrEncrypted)
		return nil
	}
	return o.hwpObject(m, packed)
}

// hwpBody yields a body, and the object in it.
func (o *oleFile) hwpBody(m *level.Member, open func() io.Reader) error {
	o.Yield(m, open())
	return o.hwpObject(m, open)
}

// hwpObject yields a compound file that stands behind its length, as embedded objects do,
// where nobody knows it by its first bytes.
func (o *oleFile) hwpObject(of *level.Member, open func() io.Reader) error {
	const length = 4
	begin, err := readHead(open(), length+len(cfb.CfbMagic))
	if err != nil || len(begin) < length || string(begin[length:]) != cfb.CfbMagic {
		return err
	}
	body := open()
	if _, err := io.CopyN(io.Discard, body, length); err != nil {
		return err
	}
	m := *of
	o.Yield(&m, body)
	return nil
}

// readHead reads up to n bytes; what breaks off before has fewer.
func readHead(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF || isMalformed(err) {
		err = nil
	}
	return b[:got], err
}
