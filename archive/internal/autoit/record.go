package autoit

import (
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// version is what differs between the versions of the format: the numbers that hide the
// fields, and the seeds of the keystream.
type version struct {
	name     string
	mark     string // "FILE", enciphered
	unit     int64  // bytes of a character
	kind     hidden
	path     hidden
	size     uint32 // hides both sizes
	checksum uint32 // hides the checksum
	body     uint32 // seed of a body
	digest   bool   // the digest of the password is added to that
	stream   func() keystream
}

// hidden is a string: what its length is hidden with, and the seed of its bytes, to which
// the length is added.
type hidden struct{ length, seed uint32 }

var (
	ea05 = &version{name: "EA05", mark: "\xff\x6d\xb0\xce", unit: 1, kind: hidden{0x29bc, 0xa25e}, path: hidden{0x29ac, 0xf25e},
		size: 0x45aa, checksum: 0xc3d2, body: 0x22af, digest: true, stream: func() keystream { return &twister{} }}
	ea06 = &version{name: "EA06", mark: "\x6b\x43\xca\x52", unit: 2, kind: hidden{0xadbc, 0xb33f}, path: hidden{0xf820, 0xf479},
		size: 0x87bc, checksum: 0xa685, body: 0x2477, stream: func() keystream { return &lagged{} }}
)

// versionOf is the version that stands behind a signature, nil if it is not known.
func versionOf(s string) *version {
	for _, v := range [...]*version{ea05, ea06} {
		if s == scripts+v.name {
			return v
		}
	}
	return nil
}

// Lengths in bytes.
const (
	digestBytes = 16
	headBytes   = 1 + 4 + 4 + 4 + 8 + 8 // compressed, sizes, checksum, times
	nameCost    = 4                     // of a string's byte, in the time of a body's
)

// record is one file, or the script.
type record struct {
	v          *version
	at, end    int64 // where it begins, and ends as its header says
	kind, path string
	seed       uint32
	compressed bool
	off        int64 // of the body
	packed     int64
	size       int64 // as the header has it
	checksum   uint32
}

// fields are the places of a record's parts.
type fields struct {
	kind, path int64 // where the strings begin
	kinds      int64 // their lengths in characters
	paths      int64
	head       []byte
}

// layout reads where the parts of a record are. It is not ok where none is.
func (v *version) layout(src io.ReaderAt, size, at int64) (f fields, ok bool, err error) {
	length := func(off int64, hide uint32) (int64, error) {
		b, err := saferead.UpTo(src, off, 4, size, 4)
		if err != nil || len(b) < 4 {
			return -1, err
		}
		n := int64(binary.LittleEndian.Uint32(b) ^ hide)
		if n*v.unit > size-off-4 {
			return -1, nil
		}
		return n, nil
	}
	f.kind = at + int64(len(v.mark)) + 4
	if f.kinds, err = length(f.kind-4, v.kind.length); err != nil || f.kinds < 0 {
		return f, false, err
	}
	f.path = f.kind + f.kinds*v.unit + 4
	if f.paths, err = length(f.path-4, v.path.length); err != nil || f.paths < 0 {
		return f, false, err
	}
	f.head, err = saferead.UpTo(src, f.path+f.paths*v.unit, headBytes, size, headBytes)
	return f, err == nil && len(f.head) == headBytes, err
}

// begins says whether there is a record's mark at an offset, and whether it begins a record.
func (v *version) begins(src io.ReaderAt, size, at int64) (marked, ok bool, err error) {
	b, err := saferead.UpTo(src, at, int64(len(v.mark)), size, len(v.mark))
	if err != nil || string(b) != v.mark {
		return false, false, err
	}
	_, ok, err = v.layout(src, size, at)
	return true, ok, err
}

// read reads the record at an offset, nil if there is none.
func (w *walker) read(v *version, at int64) (*record, error) {
	f, ok, err := v.layout(w.src, w.size, at)
	if err != nil || !ok {
		return nil, err
	}
	r := &record{v: v, at: at, seed: v.body}
	if r.kind, err = w.stringAt(v, f.kind, f.kinds, v.kind.seed); err != nil {
		return nil, err
	}
	if r.path, err = w.stringAt(v, f.path, f.paths, v.path.seed); err != nil {
		return nil, err
	}
	r.compressed = f.head[0] != 0
	r.packed = int64(binary.LittleEndian.Uint32(f.head[1:]) ^ v.size)
	r.size = int64(binary.LittleEndian.Uint32(f.head[5:]) ^ v.size)
	r.checksum = binary.LittleEndian.Uint32(f.head[9:]) ^ v.checksum
	r.off = f.path + f.paths*v.unit + headBytes
	r.end = r.off + r.packed
	return r, nil
}

// stringAt deciphers n characters, of which as many bytes are kept as a name may have.
func (w *walker) stringAt(v *version, off, n int64, seed uint32) (string, error) {
	most := min(n*v.unit, 2*int64(w.maxName))
	if !w.work.Spend(nameCost * most) {
		return "", input.ErrWork
	}
	b, err := saferead.UpTo(w.src, off, most, w.size, int(most))
	if err != nil {
		return "", err
	}
	key := w.key(v)
	key.seed(seed + uint32(n))
	key.xor(b)
	if v.unit == 1 {
		return text.DecodeANSI(b, text.CodePage(0)), nil
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return strings.ToValidUTF8(string(utf16.Decode(units)), "?"), nil
}
