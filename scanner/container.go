package scanner

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive"
	"github.com/fivefifty/fivefifty/internal/filetype"
)

// container is a frame over one archive.
type container struct {
	scan    *scan
	item    *item
	format  archive.Format
	reader  *archive.Reader
	members int
	ended   bool
	locked  *locked // what needs a password
	again   *locked // what this second opening is for, nil in the first
}

func (sc *scan) newContainer(it *item, f archive.Format) *container {
	it.ref()
	return &container{scan: sc, item: it, format: f}
}

// next implements frame: it reads one member whole.
func (c *container) next() (child *item) {
	if c.ended {
		return nil
	}
	sane := false
	c.scan.budget.Enter()
	defer c.scan.budget.Leave()
	c.item.guard(c.what(), func() {
		child = c.member()
		sane = true
	})
	if !sane || child == nil {
		c.ended = true
	}
	return child
}

func (c *container) what() string { return "archive: " + string(c.format) }

func (c *container) member() *item {
	if err := c.scan.stopped(); err != nil {
		c.item.unexamined(err)
		return nil
	}
	if err := c.scan.budget.CheckWork(); err != nil {
		c.item.limit(err)
		return nil
	}
	if c.reader == nil && !c.openReader() {
		return nil
	}
	m, err := c.reader.Next()
	if err != nil {
		if err != io.EOF {
			c.fault(err)
		}
		c.item.addAnomaly(c.reader.Anomalies()...)
		return nil
	}
	c.members++
	if c.again != nil {
		return c.unlock(m)
	}
	child, err := c.add(m)
	if err != nil {
		c.item.limit(err)
		return nil
	}
	if m.Err != nil {
		if isEncrypted(m.Err) {
			c.lock(child)
		}
		c.faultOf(child, m.Err)
		return child
	}
	if m.Password != "" {
		child.unlocked(c.scan.sourceOf(m.Password))
	}
	c.fillMember(child)
	return child
}

// unlock is member for a second opening: what the first one could read is passed
// over.
func (c *container) unlock(m *archive.Member) *item {
	obj := Object{Names: c.memberNames(m)}
	switch child := c.again.take(obj.Name()); {
	case m.Err != nil && !c.again.whole, m.Err == nil && m.Password == "" && !c.again.whole:
		return skipped
	case m.Err == nil && child != nil:
		child.addAnomaly(m.Anomalies...)
		child.unlocked(c.scan.sourceOf(m.Password))
		c.fillMember(child)
		return child
	}
	child, err := c.add(m)
	if err != nil {
		c.item.limit(err)
		return nil
	}
	if m.Err != nil {
		c.faultOf(child, m.Err)
		return child
	}
	if m.Password != "" {
		source := c.scan.sourceOf(m.Password)
		child.unlocked(source)
		c.item.unlocked(source)
	}
	c.fillMember(child)
	return child
}

// skipped stands for a member of which nothing is to be done.
var skipped = new(item)

// add adds an object for a member.
func (c *container) add(m *archive.Member) (*item, error) {
	obj := &Object{Names: c.memberNames(m), Declared: m.MediaType, Reading: m.Reading, Size: max(0, m.Size)}
	segment := fmt.Sprint(c.members)
	if len(obj.Names) > 0 {
		segment = cutName(obj.Names[0])
	}
	child, err := c.item.addChild(segment, obj)
	if err != nil {
		return nil, err
	}
	child.inArchive, child.packed, child.cut = true, true, m.Cut || c.isCut()
	child.excerpt = c.item.excerpt || c.isProse()
	obj.Member = c.describe(m)
	child.addAnomaly(m.Anomalies...)
	return child, nil
}

// fillMember copies the member's body; a panic keeps what there is.
func (c *container) fillMember(child *item) {
	child.open(c.scan, child.origin)
	child.guard(c.what(), func() {
		buf := copyBuffers.Get().(*[]byte)
		defer copyBuffers.Put(buf)
		pace := pace{scan: c.scan}
		for {
			n, err := c.reader.Read(*buf)
			c.scan.budget.Spend(c.reader.Cost())
			full := child.append((*buf)[:n])
			spent := c.scan.budget.CheckWork()
			halt := pace.step(n)
			switch {
			case full, err == io.EOF:
				return
			case spent != nil:
				child.limit(spent)
				return
			case halt != nil:
				child.unexamined(halt)
				return
			case c.scan.ctx.Err() != nil:
				return // inspect says so
			case err != nil:
				c.faultOf(child, err)
				return
			}
		}
	})
}

func (c *container) openReader() bool {
	r, err := archive.Open(c.format, &meteredSource{c.item.obj, pace{scan: c.scan}}, c.item.obj.Size, archive.Limits{
		Members:    c.scan.limits.Objects,
		Dictionary: c.scan.limits.Dictionary,
		Keys:       c.scan.keys(c.again != nil),
	})
	if err != nil {
		c.fault(err)
		return false
	}
	c.reader = r
	return true
}

// fault records an error of the container. Where the signature was chance (text
// that begins like an archive, and nothing could be had), there is nothing that
// was not examined.
func (c *container) fault(err error) {
	if halt := c.scan.halted(); halt != nil {
		c.item.unexamined(halt)
		return
	}
	if c.isShort(err) || c.members == 0 && (errors.Is(err, archive.ErrFormat) || !c.isType()) || c.isCut() && brokenByCuts(c.format, err) {
		return
	}
	if isEncrypted(err) {
		c.lock(nil)
	}
	c.item.fault(err)
}

// faultOf records a member's error, or why its container could not be read on.
func (c *container) faultOf(child *item, err error) {
	if halt := c.scan.halted(); halt != nil {
		child.unexamined(halt)
		return
	}
	if !c.chance(err) && !c.isShort(err) && (!c.isCut() || !brokenByCuts(c.format, err)) {
		child.fault(err)
	}
}

// isCut says that the container's bytes may stand in pieces where it was found, amid
// another's structure, and that what they are put together is examined elsewhere: the
// sectors of a compound file's streams may lie anywhere, and a disk image of Apple's
// begins with a compressed block of many.
func (c *container) isCut() bool {
	of := formatOf(c.item.obj.Type)
	return c.item.cut || c.format != of && (of == archive.OLE || of == archive.DMG)
}

// isProse says whether the container is the text of a message: people quote a few lines of
// base64 in it, to read, and no client makes a file of them.
func (c *container) isProse() bool {
	it := c.item
	return (c.format == archive.Base64 || c.format == archive.HTML) && it.obj.Declared == "text/plain" && it.typ.Class == filetype.Text && !it.packed && it.obj.Parent >= 0 && len(it.obj.Names) == 0
}

// isShort says whether an error only shows that an excerpt has no end: what there is of it
// was examined.
func (c *container) isShort(err error) bool {
	return c.item.excerpt && errors.Is(err, archive.ErrMalformed) && errors.Is(err, io.ErrUnexpectedEOF)
}

// brokenByCuts says that an error may only show that bytes are missing, or that others
// stand amid those of an archive.
func brokenByCuts(f archive.Format, err error) bool {
	return errors.Is(err, archive.ErrMalformed) || f == archive.Zip && errors.Is(err, archive.ErrLimit) || f == archive.Disk && errors.Is(err, archive.ErrUnsupported)
}

// chance says that an error only shows that the bytes were no container of this
// format: it has no signature to speak of, and the true type is another one.
func (c *container) chance(err error) bool {
	switch {
	case c.isType():
		return false
	case c.format == archive.Lzma, c.format == archive.Zlib:
		return errors.Is(err, archive.ErrMalformed)
	}
	// A boot loader has a boot sector, and the partitions in it are nowhere.
	return c.format == archive.Disk && c.item.typ.Class == filetype.Executable && errors.Is(err, archive.ErrUnsupported)
}

// isType says whether the item's true type is the container's format.
func (c *container) isType() bool {
	return formatOf(c.item.obj.Type) == c.format
}

// memberNames returns the member's names; a compressed file without one is
// called by its container's, as unpackers do.
func (c *container) memberNames(m *archive.Member) []string {
	names := []string{} // never null in JSON
	for _, n := range m.Names {
		names = appendName(names, n)
	}
	if len(names) > 0 || !singleStream[c.format] || m.Reading == "appended" {
		return names
	}
	for _, n := range c.item.obj.Names {
		if stem := stripCompression(n); stem != "" {
			names = appendName(names, stem)
		}
	}
	return names
}

// singleStream are the formats of one compressed file, which mostly has no name
// of its own.
var singleStream = map[archive.Format]bool{
	archive.Gzip: true, archive.Bzip2: true, archive.Xz: true, archive.Lzma: true, archive.Lzip: true,
	archive.Zstd: true, archive.Lz4: true, archive.Lzop: true, archive.Compress: true,
	archive.Zlib: true, archive.Snappy: true, archive.LZFSE: true,
}

// unpackedSuffix is what programs put in the place of a suffix that stands for
// two; any other suffix is cut off.
var unpackedSuffix = map[string]string{
	"tgz": "tar", "taz": "tar", "tbz": "tar", "tbz2": "tar", "tb2": "tar", "tz2": "tar", "txz": "tar", "tlz": "tar",
	"tzst": "tar", "tz": "tar", "cpgz": "cpio", "svgz": "svg", "emz": "emf", "wmz": "wmf",
}

func stripCompression(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 {
		return ""
	}
	if suffix := unpackedSuffix[strings.ToLower(name[i+1:])]; suffix != "" {
		return name[:i+1] + suffix
	}
	return name[:i]
}

func (c *container) close() {
	c.ended = true
	if c.reader != nil {
		_ = c.reader.Close()
		c.reader = nil
	}
	c.item.unref()
}
