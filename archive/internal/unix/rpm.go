package unix

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Parts of an rpm package (RPM V4 package format).
const (
	rpmLeadBytes   = 96
	rpmIntroBytes  = 16         // of a header: magic, reserved, entries, bytes of data
	rpmEntryBytes  = 16         // tag, type, offset, count
	rpmMaxEntries  = 1 << 16    // as rpm allows
	rpmMaxData     = 256 << 20  // as rpm allows
	rpmMaxHeaders  = 64         // signature and header are two
	rpmSearch      = 1 << 20    // how far a payload is sought behind a broken header
	rpmString      = 6          // type of a tag's value
	rpmFormatTag   = 1124       // "cpio"
	rpmCodecTag    = 1125       // "gzip", "xz", …
	rpmHeaderMagic = 0x8eade801 // with the version
)

var rpmMagic = []byte("\xed\xab\xee\xdb")

// rpmWalker yields one member, the payload: a compressed cpio archive.
type rpmWalker struct {
	src   io.ReaderAt
	size  int64
	notes []string

	done   bool
	format string // what the header says of the payload
	codec  string
	body   level.Stored
}

// Rpm is how rpm packages are found and opened.
var Rpm = &level.Format{Name: "rpm", Detect: detectRpm, Open: openRpm}

func openRpm(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	b, err := saferead.UpTo(src, 0, int64(len(rpmMagic)), size, len(rpmMagic))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(b, rpmMagic) {
		return nil, level.ErrFormat
	}
	return &rpmWalker{src: src, size: size, format: "cpio"}, nil
}

func detectRpm(p *level.Probe) bool { return bytes.HasPrefix(p.Head, rpmMagic) }

func (w *rpmWalker) Anomalies() []string { return w.notes }
func (w *rpmWalker) Close()              {}
func (w *rpmWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }

func (w *rpmWalker) Next() (*level.Member, io.Reader, error) {
	if w.done {
		return nil, nil, io.EOF
	}
	w.done = true
	at, err := w.payload()
	if err != nil {
		return nil, nil, err
	}
	if w.codec == "" { // rpm 3 knew gzip only, and what is not compressed has no codec
		b, err := saferead.UpTo(w.src, at, 2, w.size, 2)
		if err != nil {
			return nil, nil, err
		}
		if string(b) == "\x1f\x8b" {
			w.codec = "gzip"
		}
	}
	m := &level.Member{Size: w.size - at, Method: "stored", Names: []string{w.name()}}
	w.body = level.NewStored(w.src, w.size, at, w.size-at, m)
	return m, &w.body, nil
}

// rpmSuffix is the suffix of a codec's files; that of others is their name.
var rpmSuffix = map[string]string{"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "lzma": ".lzma", "zstd": ".zst", "none": "", "": ""}

// name is what the payload would be called as a file. The header's words are
// data: what is not plain is left out.
func (w *rpmWalker) name() string {
	format, codec := w.format, w.codec
	if format != "cpio" && format != "drpm" {
		format = "payload"
	}
	suffix, ok := rpmSuffix[codec]
	if !ok {
		w.note(anomaly.RpmHeader)
	}
	return "payload." + format + suffix
}

// payload returns the payload's offset: behind all headers, as libarchive finds
// it, however many there are and whatever fills them up.
func (w *rpmWalker) payload() (int64, error) {
	at := int64(rpmLeadBytes)
	for n := 0; ; n++ {
		next, err := w.zeros(at)
		if err != nil {
			return 0, err
		}
		end, ok, err := w.header(next)
		switch {
		case err != nil:
			return 0, err
		case ok && n < rpmMaxHeaders:
			at = end
			continue
		case n >= 2:
			return next, nil
		}
		w.note(anomaly.RpmHeader)
		return w.search(next)
	}
}

// zeros skips the few bytes that fill a header up.
func (w *rpmWalker) zeros(at int64) (int64, error) {
	b, err := saferead.UpTo(w.src, at, 8, w.size, 8)
	if err != nil {
		return 0, err
	}
	return at + int64(len(b)-len(bytes.TrimLeft(b, "\x00"))), nil
}

// header reads the header at an offset and returns where it ends.
func (w *rpmWalker) header(at int64) (end int64, ok bool, err error) {
	intro, err := saferead.UpTo(w.src, at, rpmIntroBytes, w.size, rpmIntroBytes)
	if err != nil || len(intro) < rpmIntroBytes || binary.BigEndian.Uint32(intro) != rpmHeaderMagic {
		return 0, false, err
	}
	entries, data := int64(binary.BigEndian.Uint32(intro[8:])), int64(binary.BigEndian.Uint32(intro[12:]))
	begin := at + rpmIntroBytes + entries*rpmEntryBytes
	end = begin + data
	if entries > rpmMaxEntries || data > rpmMaxData || end > w.size {
		return 0, false, nil
	}
	index, err := saferead.UpTo(w.src, at+rpmIntroBytes, entries*rpmEntryBytes, w.size, rpmMaxEntries*rpmEntryBytes)
	if err != nil {
		return 0, false, err
	}
	for ; len(index) >= rpmEntryBytes; index = index[rpmEntryBytes:] {
		tag := binary.BigEndian.Uint32(index)
		if tag != rpmFormatTag && tag != rpmCodecTag || binary.BigEndian.Uint32(index[4:]) != rpmString {
			continue
		}
		value, err := saferead.UpTo(w.src, begin+int64(binary.BigEndian.Uint32(index[8:])), 16, end, 16)
		if err != nil {
			return 0, false, err
		}
		if tag == rpmFormatTag {
			w.format = string(cString(value))
		} else {
			w.codec = string(cString(value))
		}
	}
	return end, true, nil
}

// rpmPayloads are the magic numbers of what rpm compresses with, and of cpio.
var rpmPayloads = [][]byte{
	[]byte("\x1f\x8b\x08"), []byte("BZh"), stream.XzMagic, []byte("\x28\xb5\x2f\xfd"), []byte("\x5d\x00\x00"), []byte("07070"),
}

// search finds a payload where a header cannot be read.
func (w *rpmWalker) search(at int64) (int64, error) {
	b, err := saferead.UpTo(w.src, at, rpmSearch, w.size, rpmSearch)
	if err != nil {
		return 0, err
	}
	best := -1
	for _, magic := range rpmPayloads {
		if i := bytes.Index(b, magic); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	if best < 0 {
		return 0, fmt.Errorf("no payload: %w", level.ErrMalformed)
	}
	return at + int64(best), nil
}
