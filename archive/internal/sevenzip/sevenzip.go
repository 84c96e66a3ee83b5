package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
	"github.com/fivefifty/fivefifty/internal/ppmd"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// signature is the signature of 7z, 7zFormat.txt. The signature header behind it
// holds the place of the header, and its own checksum.
var signature = []byte("7z\xbc\xaf\x27\x1c")

// start7z is the length of the signature header, in bytes.
const start7z = 32

// walker walks an archive: folder by folder (a solid block in 7-Zip's words),
// stream by stream, then the files without a stream.
type walker struct {
	src    io.ReaderAt
	size   int64
	limits level.Limits
	notes  []string

	base  int64 // offset of the signature
	end   int64 // offset behind the archive
	db    *database
	dbErr error // why there is no database
	keys  keys

	archives int // before this one
	folder   int
	stream   int // within the folder
	file     int // next file that has a stream
	empty    int // next file that has none
	body     *body
	content  io.Reader // of the present folder, nil: not opened or broken
	broken   error     // why the rest of the folder cannot be read
	password string
	drained  int64
	windows  input.Windows
	model    *ppmd.ModelH   // free for the next folder
	models   []*ppmd.ModelH // in use by the present one
	frames   *zstd.Decoder  // free for the next folder
	framing  *zstd.Decoder  // in use by the present one
}

// database is what the header says.
type database struct {
	packAt    int64   // offset of the packed streams from the end of the signature header
	packSizes []int64 // of the packed streams, in file order
	folders   []folder
	rest      rest
	files     files
}

var (
	markSevenZip  = &level.Mark{Text: "7z\xbc\xaf\x27\x1c", Even: 2, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return begins(p.From(at), at == 0) }}
	marksSevenZip = []*level.Mark{markSevenZip}
)

// Format is how a 7z archive is found and opened.
var Format = &level.Format{Name: "7z", Detect: detect, Open: open, Marks: marksSevenZip}

func detect(p *level.Probe) bool { return p.Met(markSevenZip) }

// find returns the first signature header whose checksum is right, or that
// stands at the very beginning; -1 if there is none.
func find(b []byte) int {
	for off := 0; ; off++ {
		i := bytes.Index(b[off:], signature)
		if i < 0 {
			return -1
		}
		off += i
		if begins(b[off:], off == 0) {
			return off
		}
	}
}

// begins says whether b, which begins with the signature, begins an archive; first
// says that the file does.
func begins(b []byte, first bool) bool {
	return first || len(b) >= start7z && binary.LittleEndian.Uint32(b[8:]) == crc32.ChecksumIEEE(b[12:start7z])
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, level.HeadBytes, size, level.HeadBytes)
	if err != nil {
		return nil, err
	}
	at := find(head)
	if at < 0 {
		return nil, level.ErrFormat
	}
	z := &walker{src: src, size: size, limits: l, base: int64(at)}
	z.keys.Keys = l.Keys
	if at > 0 {
		z.note(anomaly.Prepended)
	}
	z.dbErr = z.readDatabase()
	return z, nil
}

func (z *walker) Anomalies() []string { return z.notes }
func (z *walker) note(name string)    { z.notes = level.NoteOnce(z.notes, name) }
func (z *walker) Close() {
	z.content, z.body, z.db, z.model, z.models, z.frames, z.framing = nil, nil, nil, nil, nil, nil, nil
}

// readDatabase reads the header that the signature header points to, or, if
// there is none, the last one that the file has.
func (z *walker) readDatabase() error {
	raw, err := saferead.UpTo(z.src, z.base, start7z, z.size, start7z)
	if err != nil {
		return err
	}
	if len(raw) < start7z {
		return fmt.Errorf("signature header: %w: %w", level.ErrMalformed, io.ErrUnexpectedEOF)
	}
	c := input.Cursor{Rest: raw[8:]}
	if c.U32() != crc32.ChecksumIEEE(raw[12:]) {
		z.note(anomaly.HeaderCRC)
	}
	offset, length, sum := c.U64(), c.U64(), c.U32()
	room := uint64(z.size - z.base - start7z)
	z.end = z.size
	if offset <= room && length <= room-offset && length > 0 {
		z.end = z.base + start7z + int64(offset+length)
		header, err := z.headerBytes(z.base+start7z+int64(offset), int64(length))
		if err != nil {
			return err
		}
		if crc32.ChecksumIEEE(header) != sum {
			z.note(anomaly.HeaderCRC)
		}
		err = z.parse(header)
		if err == nil || z.db != nil || errors.Is(err, level.ErrEncrypted) || !z.recover() {
			return err
		}
		return nil
	}
	if offset == 0 && length == 0 && sum == 0 {
		z.db = &database{} // an archive without a file
	}
	z.note(anomaly.Truncated)
	if z.recover() {
		return nil
	}
	if z.db != nil && z.size == z.base+start7z {
		z.notes = nil
		return nil
	}
	return fmt.Errorf("the header lies outside of the file, which was cut or is one of several volumes: %w", level.ErrMalformed)
}

// headerBytes reads a header, which is bounded as a dictionary is.
func (z *walker) headerBytes(off, n int64) ([]byte, error) {
	if n > z.limits.Dictionary {
		return nil, fmt.Errorf("header of %d bytes: %w", n, level.ErrLimit)
	}
	return saferead.UpTo(z.src, off, n, z.size, int(n))
}

// Where recover looks, in bytes before the end, and how often it tries.
const (
	recoverWindow = 1 << 20
	recoverTries  = 32
)

// recover looks for a header at the end of the file.
//
// QUIRK: 7-Zip does so where the signature header was never completed; this
// finds a header behind a lying one as well.
func (z *walker) recover() bool {
	from := max(z.base+start7z, z.size-recoverWindow)
	tail, err := saferead.UpTo(z.src, from, recoverWindow, z.size, recoverWindow)
	if err != nil {
		return false
	}
	for i, tries := len(tail)-2, 0; i >= 0 && tries < recoverTries; i-- {
		if two := binary.LittleEndian.Uint16(tail[i:]); two != id7zEncoded|id7zPackInfo<<8 && two != id7zHeader|id7zMain<<8 {
			continue
		}
		tries++
		z.db = nil
		if err := z.parse(tail[i:]); err == nil && z.db != nil && len(z.db.folders) > 0 {
			z.end = z.size
			z.note(anomaly.HeaderCRC)
			return true
		}
	}
	z.db = nil
	return false
}

// parse reads a header, through the layers that it is packed in.
func (z *walker) parse(header []byte) error {
	const layers = 8
	for range layers {
		p := parser{c: input.Cursor{Rest: header}, files: z.limits.Members + 1}
		switch id := p.id(); id {
		case id7zHeader:
			z.db = p.database()
			if p.err != nil && len(z.db.folders) == 0 {
				z.db = nil
			}
			return p.err
		case id7zEncoded:
			db := &database{}
			p.streams(db)
			if p.err != nil || len(db.folders) == 0 {
				return fmt.Errorf("encoded header: %w", level.ErrMalformed)
			}
			var err error
			if header, err = z.decodeHeader(db); err != nil {
				return err
			}
		default:
			return fmt.Errorf("header of kind %d: %w", id, level.ErrMalformed)
		}
	}
	return fmt.Errorf("header packed %d times: %w", layers, level.ErrLimit)
}

// decodeHeader unpacks the header that is the one stream of db.
func (z *walker) decodeHeader(db *database) ([]byte, error) {
	f := &db.folders[0]
	n := f.size()
	if n < 0 || n > z.limits.Dictionary {
		return nil, fmt.Errorf("header of %d bytes: %w", n, level.ErrLimit)
	}
	r, _, err := z.openFolder(db, f)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	var buf bytes.Buffer
	_, err = buf.ReadFrom(io.LimitReader(r, n))
	if f.hasCRC && crc32.ChecksumIEEE(buf.Bytes()) != f.crc {
		z.note(anomaly.HeaderCRC)
	}
	if err != nil && buf.Len() == 0 {
		return nil, fmt.Errorf("header: %w", level.BodyError(err))
	}
	return buf.Bytes(), nil
}

func (z *walker) Next() (*level.Member, io.Reader, error) {
	for {
		m, body, err := z.nextHere()
		if err != io.EOF {
			return m, body, err
		}
		more, err := z.nextArchive()
		if err != nil {
			return nil, nil, err
		}
		if !more {
			return nil, nil, io.EOF
		}
	}
}

// nextHere returns the next member of the present archive.
func (z *walker) nextHere() (*level.Member, io.Reader, error) {
	if z.db == nil {
		return nil, nil, z.dbErr
	}
	for z.folder < len(z.db.folders) {
		f := &z.db.folders[z.folder]
		if z.stream >= f.streams() {
			z.leaveFolder()
			continue
		}
		m, body := z.openStream(f)
		z.stream++
		return m, body, nil
	}
	if m := z.nextEmpty(); m != nil {
		return m, bytes.NewReader(nil), nil
	}
	if z.dbErr != nil {
		return nil, nil, z.dbErr
	}
	if z.db.files.more() || z.db.rest.folders > 0 {
		return nil, nil, fmt.Errorf("members: %w", level.ErrLimit)
	}
	return nil, nil, io.EOF
}

// leaveFolder goes to the next folder.
func (z *walker) leaveFolder() {
	z.folder++
	z.stream, z.content, z.broken, z.body, z.password = 0, nil, nil, nil, ""
	z.releaseModels()
}

// releaseModels makes one of the models, and of the decoders of zstd, that are in use free
// again.
func (z *walker) releaseModels() {
	if len(z.models) > 0 {
		z.model, z.models = z.models[0], nil
	}
	if z.framing != nil {
		z.frames, z.framing = z.framing, nil
	}
}

// nextArchive goes on at the next archive of the file, if there is one.
//
// QUIRK: 7-Zip opens the first of two archives in a row only.
func (z *walker) nextArchive() (bool, error) {
	if z.end >= z.size {
		return false, nil
	}
	z.note(anomaly.Appended)
	if z.archives == maxArchives {
		return false, fmt.Errorf("archives in a row: %w", level.ErrLimit)
	}
	// Mostly it begins at once: a file may hold thousands.
	for _, window := range [...]int64{nearBytes, level.HeadBytes} {
		tail, err := saferead.UpTo(z.src, z.end, window, z.size, int(window))
		if err != nil {
			return false, err
		}
		if z.takeNext(tail) {
			return true, nil
		}
	}
	return false, nil
}

// maxArchives is how many archives in one file are read behind the first.
const maxArchives = 4096

// nearBytes is how far behind an archive the next one is sought first.
const nearBytes = 512

// takeNext goes on at the first archive in tail, which lies behind the present one, that
// has a header.
func (z *walker) takeNext(tail []byte) bool {
	for at := 0; at < len(tail); at++ {
		i := find(tail[at:])
		if i < 0 {
			break
		}
		at += i
		next := &walker{src: z.src, size: z.size, limits: z.limits, base: z.end + int64(at), notes: z.notes, keys: z.keys, windows: z.windows, drained: z.drained, frames: z.frames, archives: z.archives + 1}
		if next.dbErr = next.readDatabase(); next.db != nil {
			*z = *next
			return true
		}
	}
	return false
}

// nextEmpty returns the next file without a stream.
func (z *walker) nextEmpty() *level.Member {
	for ; z.empty < z.db.files.n; z.empty++ {
		if z.db.files.isEmpty(z.empty) {
			m := z.member(z.empty)
			m.Size, m.Method = 0, "stored"
			m.Dir = !z.db.files.isEmptyFile(z.empty)
			z.empty++
			return m
		}
	}
	return nil
}

// member names the i-th file.
func (z *walker) member(i int) *level.Member {
	m := &level.Member{}
	if i >= z.db.files.n {
		level.Note(m, anomaly.NameEmpty)
		return m
	}
	m.Dir = z.db.files.isDir(i)
	if raw, ok := z.db.files.name(i); ok && len(raw) > 0 {
		level.AddName(m, text.UTF16(raw), z.limits.NameBytes)
	} else {
		level.Note(m, anomaly.NameEmpty)
	}
	return m
}
