package alzip

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"golang.org/x/text/encoding/korean"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Signatures of ALZ.
const (
	alzMagic     = "ALZ\x01"
	alzFile      = "BLZ\x01"
	alzDirectory = "CLZ\x01"
	alzEnd       = "CLZ\x02"
	alzNext      = "CLZ\x03" // instead of the end: there is another volume
	alzComment   = "ELZ\x01"
)

// Bytes of ALZ's headers.
const (
	alzHeader    = 8
	alzFixed     = 4 + 9 // a file's header before its sizes and its name
	alzDirSize   = 12    // behind alzDirectory
	alzTail      = 16    // of a volume that is not the last
	alzMaxHeader = 64<<10 + 64
	alzCrypt     = 12 // bytes of key before encrypted data, which its size does not count
)

// Fields of ALZ's headers.
const (
	alzFolder    = 0x10 // of the attributes
	alzEncrypted = 0x01 // of the descriptor
	alzByTime    = 0x08 // the password's check is of the time, not of the checksum
)

// Methods of ALZ.
const (
	alzStored   = 0
	alzBzip2    = 1
	alzDeflate  = 2
	alzShuffled = 3 // deflate with the lengths of its code of lengths in another order
)

// alzEntry is a file's header.
type alzEntry struct {
	name         []byte
	attributes   byte
	time         uint32
	descriptor   byte
	method       byte
	crc          uint32
	packed, size int64
	data         int64 // offset of its bytes, or of the key before them
}

// alzWalker goes from header to header.
type alzWalker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string
	off    int64
	fields *input.Fields
	more   bool // the file ends as a volume that is not the last
	keys   level.Candidates
}

var (
	markALZ  = &level.Mark{Text: alzMagic, Even: 2, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return alzBegins(p.From(at), at == 0) }}
	marksALZ = []*level.Mark{markALZ}
)

// ALZ is how an ALZ archive is found and opened.
var ALZ = &level.Format{Name: "alz", Detect: func(p *level.Probe) bool { return p.Met(markALZ) }, Open: openALZ, Marks: marksALZ}

// alzBegins says whether b begins with an archive's header and a file's; first says
// that the file does, where the header is enough.
func alzBegins(b []byte, first bool) bool {
	return len(b) >= alzHeader+alzFixed && string(b[:4]) == alzMagic && (first && b[alzHeader-1] == 0 || string(b[alzHeader:alzHeader+4]) == alzFile)
}

func openALZ(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	s := input.NewSearch(src, size, alzMagic)
	for from := int64(0); ; from++ {
		at, err := s.Next(from)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			return nil, level.ErrFormat
		}
		head, err := saferead.UpTo(src, at, alzHeader+alzFixed, size, alzHeader+alzFixed)
		if err != nil {
			return nil, err
		}
		if !alzBegins(head, at == 0) {
			from = at
			continue
		}
		w := &alzWalker{src: src, size: size, limits: l, off: at + alzHeader, fields: input.NewFields(src, size), keys: level.Candidates{Keys: l.Keys}}
		if at > 0 {
			w.note(anomaly.Prepended)
		}
		tail, err := saferead.UpTo(src, max(0, size-4), 4, size, 4)
		w.more = string(tail) == alzNext
		return w, err
	}
}

func (w *alzWalker) Anomalies() []string { return w.notes }
func (w *alzWalker) note(name string)    { w.notes = level.NoteOnce(w.notes, name) }
func (w *alzWalker) Close()              {}

func (w *alzWalker) Next() (*level.Member, io.Reader, error) {
	for w.off < w.size {
		f := w.fields
		f.Off = w.off
		sign := string(f.Next(4))
		switch {
		case f.Err != nil:
			return nil, nil, f.Err
		case sign == alzFile:
			e := w.entry(f)
			if f.Err != nil {
				return nil, nil, f.Err
			}
			m, body := w.open(e)
			return m, body, nil
		case sign == alzDirectory:
			f.Skip(alzDirSize)
			w.off = f.Off
			continue
		}
		if err := w.search(sign != alzComment); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, io.EOF
}

// search goes on at the next file's header.
//
// QUIRK: unalz stops at damage. What follows a directory or comment is another archive
// that was appended, or junk.
func (w *alzWalker) search(junk bool) error {
	s := input.NewSearch(w.src, w.size, alzFile)
	at, err := s.Next(w.off)
	if err != nil {
		return err
	}
	end := at
	if at < 0 {
		end = w.size
		if w.more {
			end -= alzTail
		}
	}
	if junk && end > w.off {
		if at < 0 {
			w.note(anomaly.Appended)
		} else if head, _ := saferead.UpTo(w.src, w.off, 4, w.size, 4); string(head) != alzMagic || at != w.off+alzHeader {
			w.note(anomaly.Gap)
		}
	}
	w.off = end
	if at < 0 {
		w.off = w.size
	}
	return nil
}

// entry reads the fields behind a file's signature.
func (w *alzWalker) entry(f *input.Fields) *alzEntry {
	e := &alzEntry{}
	n := int64(f.U16())
	e.attributes, e.time, e.descriptor = f.U8(), f.U32(), f.U8()
	f.U8()
	if width := int(e.descriptor >> 4); width > 0 {
		e.method = f.U8()
		f.U8()
		e.crc = f.U32()
		e.packed, e.size = alzNumber(f.Next(width)), -1
		e.size = alzNumber(f.Next(width))
	}
	e.name = f.Some(n, int(n))
	e.data = f.Off
	return e
}

// alzNumber is a number of any width; what is larger than a file can be is cut.
func alzNumber(b []byte) (n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		if n >= 1<<55 {
			return 1<<63 - 1
		}
		n = n<<8 | int64(b[i])
	}
	return n
}

// open makes an entry the current member.
func (w *alzWalker) open(e *alzEntry) (*level.Member, io.Reader) {
	m := &level.Member{Size: e.size, Packed: e.packed, CRC32: e.crc, Method: alzMethod(e.method), Encrypted: e.descriptor&alzEncrypted != 0, Dir: e.attributes&alzFolder != 0}
	for _, n := range koreanNames(e.name) {
		level.AddName(m, n, w.limits.NameBytes)
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	if m.Dir && e.packed > 0 {
		level.Note(m, anomaly.DirData)
	}
	key := e.data
	if m.Encrypted {
		e.data = min(e.data+alzCrypt, w.size)
	}
	b := &input.Packed{Member: m, Size: e.size, Want: e.crc, Sum: crc32.NewIEEE()}
	if e.descriptor>>4 == 0 {
		b.Sum = nil
	}
	end := w.size
	if w.more {
		end = max(e.data, end-alzTail)
	}
	if e.packed > end-e.data {
		level.Note(m, anomaly.Truncated)
		e.packed, b.After = end-e.data, w.more
	}
	w.off = e.data + e.packed
	r := func() io.Reader { return saferead.Section(w.src, e.data, e.packed, w.size) }
	body := io.Reader(&level.Marked{R: r()})
	if m.Encrypted && e.packed > 0 {
		password, cipher, err := w.unlock(e, key, r)
		if err != nil {
			m.Err = err
			return m, nil
		}
		m.Password = password
		body = cipher.Reader(body)
	}
	body, err := w.decoder(e, body)
	if err != nil {
		m.Err = err
		return m, nil
	}
	b.R = body
	return m, b
}

func alzMethod(m byte) string {
	switch m {
	case alzStored:
		return "stored"
	case alzBzip2:
		return "bzip2"
	case alzDeflate:
		return "deflate"
	case alzShuffled:
		return "deflate-shuffled"
	}
	return fmt.Sprintf("alz-%d", m)
}

// decoder opens a file's data.
func (w *alzWalker) decoder(e *alzEntry, r io.Reader) (io.Reader, error) {
	switch e.method {
	case alzStored:
		return r, nil
	case alzBzip2:
		in := input.NewBytes(r)
		marks := lz.Bzip2ALZip
		// QUIRK: The Unarchiver reads plain bzip2 here, unalz only ALZip's own.
		if head, _ := in.Buf.Peek(3); bytes.Equal(head, []byte("BZh")) {
			marks = lz.Bzip2Plain
		}
		return &decoded{r: lz.NewBzip2(in, marks), in: in, enough: e.size}, nil
	case alzDeflate:
		return &decoded{r: lz.NewInflateAny(input.NewBytes(r), lz.InflateLax)}, nil
	case alzShuffled:
		return &decoded{r: lz.NewInflateOrder(input.NewBytes(r), shuffled(e.size))}, nil
	}
	return nil, fmt.Errorf("method %s: %w", alzMethod(e.method), level.ErrUnsupported)
}

// decoded gives a decoder's buffers back at its end.
type decoded struct {
	r   io.Reader
	in  *input.Bytes // nil if r has its own
	err error

	// Behind so many bytes a fault is no more than a strange end; 0 for none.
	enough, n int64
}

func (d *decoded) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.r.Read(p)
	d.n += int64(n)
	var source *level.SourceError
	if err != nil && d.n == d.enough && d.enough > 0 && !errors.As(err, &source) {
		err = io.EOF
	}
	if err != nil {
		d.err = err
		if s, ok := d.r.(interface{ Release() }); ok {
			s.Release()
		}
		if d.in != nil {
			d.in.Release()
		}
	}
	return n, err
}

// shuffled is the order of a file's code of lengths, which comes from its size.
func shuffled(size int64) (order [19]uint8) {
	for i := range order {
		order[i] = uint8(i)
	}
	for i := range order {
		k := i%6*3 + int(size%16)
		if k > 18 {
			k %= 18
		}
		order[i], order[k] = order[k], order[i]
	}
	return order
}

// errWrong says that no password fits.
var errWrong = fmt.Errorf("no password fits: %w", level.ErrEncrypted)

// unlock finds the password of a file: the last byte of the key must fit, and then
// the file's checksum.
func (w *alzWalker) unlock(e *alzEntry, at int64, packed func() io.Reader) (string, input.ZipCipher, error) {
	head, err := saferead.UpTo(w.src, at, alzCrypt, w.size, alzCrypt)
	if err != nil || len(head) < alzCrypt {
		return "", input.ZipCipher{}, errors.Join(errWrong, err)
	}
	check := byte(e.crc >> 24)
	if e.descriptor&alzByTime != 0 {
		check = byte(e.time >> 8)
	}
	for _, password := range w.keys.All() {
		for _, form := range koreanForms(password) {
			if !level.Spend(w.limits.Keys, 4) {
				return "", input.ZipCipher{}, errWrong
			}
			c, plain := input.NewZipCipher(form), bytes.Clone(head)
			c.Decrypt(plain)
			if plain[alzCrypt-1] == check && w.fits(e, c.Reader(packed())) {
				w.keys.Opened(password)
				return password, c, nil
			}
		}
	}
	return "", input.ZipCipher{}, errWrong
}

// fits says whether decrypted data decodes to what the checksum is of.
func (w *alzWalker) fits(e *alzEntry, plain io.Reader) bool {
	r, err := w.decoder(e, plain)
	if err != nil {
		return false
	}
	sum := crc32.NewIEEE()
	t := &level.Trial{R: r, Keys: w.limits.Keys, Cost: func(n int) int64 { return int64(n) * level.MethodCost(alzMethod(e.method)) }}
	n, err := io.Copy(sum, io.LimitReader(t, min(e.size, input.MaxDrain)))
	return err == nil && n == e.size && sum.Sum32() == e.crc
}

// koreanNames are the readings of a name: UTF-8, and what a Korean Windows writes.
func koreanNames(raw []byte) []string {
	if len(raw) == 0 {
		return nil
	}
	names := level.DecodeNames(raw, level.CP437)
	ascii := true
	for _, b := range raw {
		ascii = ascii && b < 0x80
	}
	if s, err := korean.EUCKR.NewDecoder().Bytes(raw); err == nil && !ascii {
		names = append([]string{string(s)}, names...)
	}
	return names
}

// koreanForms are the bytes that ALZip makes of a password.
func koreanForms(password string) [][]byte {
	forms := [][]byte{[]byte(password)}
	if b, err := korean.EUCKR.NewEncoder().Bytes([]byte(password)); err == nil && !bytes.Equal(b, forms[0]) {
		forms = append(forms, b)
	}
	return forms
}
