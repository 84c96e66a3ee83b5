package filetype

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"sync"
)

// zipFacts is what the names in a zip tell about it.
type zipFacts struct {
	word, sheet, slides        bool // a folder word/, xl/, ppt/
	contentTypes               bool
	vba, workbookBin, template bool
	macro                      bool // a content type says so
	manifest, android          bool
	typed                      kind // by the entry "mimetype" or the main part's content type
}

// zip types a zip that begins at the first byte. The central directory is what unpackers and Office go by; where it
// is missing (cut, streamed), the local headers in the head must do.
func (v *view) zip() kind {
	if dir := v.centralDirectory(); dir != nil {
		return v.zipKind(dir)
	}
	var f zipFacts
	v.localNames(&f)
	return f.kind()
}

func (v *view) zipKind(dir []byte) kind {
	var f zipFacts
	for len(dir) >= 46 && has(dir, 0, "PK\x01\x02") {
		n := int(binary.LittleEndian.Uint16(dir[28:]))
		skip := 46 + n + int(binary.LittleEndian.Uint16(dir[30:])) + int(binary.LittleEndian.Uint16(dir[32:]))
		name := dir[46:min(46+n, len(dir))]
		if f.name(name) && !f.contentTypes {
			f.contentTypes = true
			v.contentTypes(&f, int64(binary.LittleEndian.Uint32(dir[42:])))
		}
		if skip > len(dir) {
			break
		}
		dir = dir[skip:]
	}
	v.localNames(&f)
	return f.kind()
}

// centralDirectory returns the beginning of the central directory, at most tailSize bytes, valid until the next
// call; nil if there is none. The directory is looked for where the end record's length puts it (before the
// record), and not where its offset does: the length survives a prefix.
func (v *view) centralDirectory() []byte {
	tail, end := v.endRecord(4096), -1
	if end = lastEndRecord(tail); end < 0 && v.size > 4096 {
		tail = v.endRecord(tailSize)
		end = lastEndRecord(tail)
	}
	if end < 0 {
		return nil
	}
	length := int64(binary.LittleEndian.Uint32(tail[end+12:]))
	at := v.size - int64(len(tail)-end) - length
	if have := int64(end) - length; have >= 0 {
		return tail[have:end]
	}
	n := v.read(v.dir[:min(length, tailSize)], at)
	if n == 0 || !has(v.dir[:n], 0, "PK\x01\x02") {
		// Zip64 and records in between move the directory; the offset is the second guess.
		at = int64(binary.LittleEndian.Uint32(tail[end+16:]))
		n = v.read(v.dir[:min(length, tailSize)], at)
	}
	if n == 0 {
		return nil
	}
	return v.dir[:n]
}

// endRecord returns the last n bytes of the object.
func (v *view) endRecord(n int64) []byte {
	n = min(n, v.size)
	b := v.tail[:n]
	return b[:v.read(b, v.size-n)]
}

// lastEndRecord searches forwards, for which bytes.Index has vector instructions that bytes.LastIndex lacks.
func lastEndRecord(tail []byte) int {
	last := -1
	for from := 0; ; {
		i := bytes.Index(tail[from:], []byte("PK\x05\x06"))
		if i < 0 || len(tail)-from-i < 22 {
			return last
		}
		last = from + i
		from = last + 4
	}
}

// localNames walks the local file headers of the head, as far as their lengths are given.
func (v *view) localNames(f *zipFacts) {
	b := v.head
	if has(b, 0, "PK\x07\x08") || has(b, 0, "PK00") {
		b = b[4:] // spanning marker
	}
	for first := true; len(b) >= 30 && has(b, 0, "PK\x03\x04"); first = false {
		flags, method := binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:])
		packed := int64(binary.LittleEndian.Uint32(b[18:]))
		n, extra := int(binary.LittleEndian.Uint16(b[26:])), int(binary.LittleEndian.Uint16(b[28:]))
		name := b[30:min(30+n, len(b))]
		body := b[min(30+n+extra, len(b)):]
		if first && method == 0 && string(name) == "mimetype" {
			f.mimetype(body)
		}
		if f.name(name) && !f.contentTypes {
			f.contentTypes = true
			if method == 0 {
				f.contentType(body)
			} else if method == 8 {
				v.inflated(f, bytes.NewReader(body))
			}
		}
		if flags&8 != 0 && packed == 0 {
			// The length follows the data; the next header is found by its magic.
			i := bytes.Index(body, []byte("PK\x03\x04"))
			if i < 0 {
				return
			}
			b = body[i:]
			continue
		}
		if packed > int64(len(body)) {
			return
		}
		b = body[packed:]
	}
}

// name takes note of a member's name and reports whether it is the list of content types.
func (f *zipFacts) name(name []byte) bool {
	switch {
	case prefixFold(name, "word/"):
		f.word = true
	case prefixFold(name, "xl/"):
		f.sheet = true
		if bytes.EqualFold(name, []byte("xl/workbook.bin")) {
			f.workbookBin = true
		}
	case prefixFold(name, "ppt/"):
		f.slides = true
	case bytes.EqualFold(name, []byte("META-INF/MANIFEST.MF")):
		f.manifest = true
	case string(name) == "AndroidManifest.xml":
		f.android = true
	case bytes.EqualFold(name, []byte("[Content_Types].xml")):
		return true
	}
	if n := len("vbaproject.bin"); len(name) >= n && bytes.EqualFold(name[len(name)-n:], []byte("vbaproject.bin")) {
		f.vba = true
	}
	return false
}

func (f *zipFacts) mimetype(b []byte) {
	const odf = "application/vnd.oasis.opendocument."
	switch {
	case has(b, 0, "application/epub+zip"):
		f.typed = kEpub
	case has(b, 0, odf+"text"):
		f.typed = kOdt
	case has(b, 0, odf+"spreadsheet"):
		f.typed = kOds
	case has(b, 0, odf+"presentation"):
		f.typed = kOdp
	}
}

// kind decides. What runs when opened goes before what is only shown: a jar may well carry the entries of a document.
func (f *zipFacts) kind() kind {
	macro := f.vba || f.macro
	pick := func(plain, with kind) kind {
		if macro {
			return with
		}
		return plain
	}
	switch {
	case f.android:
		return kAPK
	case f.manifest:
		return kJar
	case f.contentTypes && f.typed == none && f.workbookBin:
		return kXlsb
	case f.contentTypes && (f.typed == kDocx || f.typed == none && f.word):
		if macro && f.template {
			return kDotm
		}
		return pick(kDocx, kDocm)
	case f.contentTypes && (f.typed == kXlsx || f.typed == none && f.sheet):
		return pick(kXlsx, kXlsm)
	case f.contentTypes && (f.typed == kPptx || f.typed == none && f.slides):
		return pick(kPptx, kPptm)
	case f.typed != none:
		return f.typed
	}
	return kZip
}

// contentTypes reads [Content_Types].xml, whose local header is at off.
func (v *view) contentTypes(f *zipFacts, off int64) {
	var hdr [30]byte
	b := v.block[:30]
	if v.read(b, off) < 30 || !has(b, 0, "PK\x03\x04") {
		return
	}
	copy(hdr[:], b)
	body := off + 30 + int64(binary.LittleEndian.Uint16(hdr[26:])) + int64(binary.LittleEndian.Uint16(hdr[28:]))
	switch binary.LittleEndian.Uint16(hdr[8:]) {
	case 0:
		f.contentType(v.block[:v.read(v.block[:], body)])
	case 8:
		n := v.read(v.block[:], body)
		v.inflated(f, &stream{v: v, off: body + int64(n), buf: v.block[:n]})
	}
}

// stream reads on from an offset, within the view's budget.
type stream struct {
	v   *view
	off int64
	buf []byte
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.buf) == 0 {
		n := s.v.read(s.v.block[:], s.off)
		if n == 0 {
			return 0, io.EOF
		}
		s.off += int64(n)
		s.buf = s.v.block[:n]
	}
	n := copy(p, s.buf)
	s.buf = s.buf[n:]
	return n, nil
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// maxContentTypes is how much of the list of content types is looked at, in bytes: a presentation of a thousand
// slides has about 200 KiB of it.
const maxContentTypes = 256 << 10

func (v *view) inflated(f *zipFacts, r io.Reader) {
	z := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(z)
	if z.(flate.Resetter).Reset(r, nil) != nil {
		return
	}
	// Consecutive windows overlap by more than the longest word that is looked for.
	const overlap = 128
	kept := 0
	for total := 0; total < maxContentTypes; {
		n, err := z.Read(v.out[kept:])
		total += n
		f.contentType(v.out[:kept+n])
		if err != nil {
			return
		}
		if kept+n > overlap {
			copy(v.out[:overlap], v.out[kept+n-overlap:kept+n])
			kept = overlap
		} else {
			kept += n
		}
	}
}

// contentType looks for the main part's type, which Office goes by, whatever the folders are called.
func (f *zipFacts) contentType(b []byte) {
	if bytes.Contains(b, []byte("macroEnabled")) {
		f.macro = true
		if bytes.Contains(b, []byte("ms-word.template.macroEnabled")) {
			f.template = true
		}
	}
	if f.typed != none {
		return
	}
	switch {
	case bytes.Contains(b, []byte("wordprocessingml.document.main")), bytes.Contains(b, []byte("wordprocessingml.template.main")),
		bytes.Contains(b, []byte("ms-word.document.macroEnabled")), bytes.Contains(b, []byte("ms-word.template.macroEnabled")):
		f.typed = kDocx
	case bytes.Contains(b, []byte("spreadsheetml.sheet.main")), bytes.Contains(b, []byte("spreadsheetml.template.main")),
		bytes.Contains(b, []byte("ms-excel.sheet.macroEnabled")), bytes.Contains(b, []byte("ms-excel.template.macroEnabled")):
		f.typed = kXlsx
	case bytes.Contains(b, []byte("presentationml.presentation.main")), bytes.Contains(b, []byte("presentationml.slideshow.main")),
		bytes.Contains(b, []byte("presentationml.template.main")), bytes.Contains(b, []byte("ms-powerpoint.")):
		f.typed = kPptx
	}
}
