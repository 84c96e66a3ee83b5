package office

import (
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// Encryption of Office documents is [MS-OFFCRYPTO]. Its passwords are UTF-16LE.

// excelPassword is tried on every document: Excel encrypts with it when a workbook
// is only protected against changes, and opens such files without asking. Malware
// is sent in them, because most scanners stop at the encryption.
const excelPassword = "VelvetSweatshop"

// Bounds of deriving one key.
const (
	officeSpinMost = 10_000_000 // rounds ([MS-OFFCRYPTO] section 2.3.4.10)
	officeSpinFree = 1_000_000  // rounds for excelPassword in one file, which no Keys pay for
)

// encryptionInfos is how many such descriptions are read in one file.
const encryptionInfos = 16

// maxEncryptionInfo bounds the description of an encryption, in bytes.
const maxEncryptionInfo = 64 << 10

// officeKeys calls open with each password that may be tried, until one fits. cost
// is what one try takes of Keys.Work. password is "" if none fits.
func (o *oleFile) officeKeys(cost int64, open func(password []byte) bool) (password string) {
	if cost <= o.spins {
		o.spins -= cost
		if open(text.UTF16Bytes(excelPassword)) {
			return excelPassword
		}
	}
	keys := o.limits.Keys
	for _, p := range level.Passwords(keys) {
		if !level.Spend(keys, cost) {
			break
		}
		if open(text.UTF16Bytes(p)) {
			return p
		}
	}
	return ""
}

// officePackage is a way to encrypt a whole document in the format of 2007.
type officePackage interface {
	cost() int64                 // of trying one password, in rounds of a hash
	unlock(password []byte) bool // whether the password fits; then decrypt works
	decrypt(block []byte, n uint32)
	blockBytes() int // how much decrypt takes at once
}

// encryptedPackage opens a storage in which a document of 2007 or later is
// encrypted as a whole.
func (o *oleFile) encryptedPackage(i int32) error {
	info, err := o.encryptionInfo(i)
	if err != nil {
		return err
	}
	var inside []level.Step
	for _, child := range o.c.Entries[i].Children {
		e := &o.c.Entries[child]
		switch {
		case e.IsFolder():
			inside = append(inside, o.storage(child))
		case e.Is("EncryptedPackage"):
			inside = append(inside, func() error { return o.decryptPackage(child, info) }, func() error { return o.asStored(child) })
		default:
			inside = append(inside, o.stream(child))
		}
	}
	o.Then(inside...)
	return nil
}

// encryptionInfo reads how a package is encrypted ([MS-OFFCRYPTO] section 2.3.4.5
// and 2.3.4.10); nil if that is not by password, or not in a way that is known.
func (o *oleFile) encryptionInfo(i int32) (officePackage, error) {
	at := o.c.Child(i, "EncryptionInfo")
	if o.infos++; at < 0 || o.infos > encryptionInfos {
		return nil, nil
	}
	s, err := o.open(at)
	if err != nil {
		return nil, err
	}
	b, err := s.head(int(min(s.Size, maxEncryptionInfo)))
	if err != nil || len(b) < 8 {
		return nil, err
	}
	major, minor := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	switch {
	case major == 4 && minor == 4:
		return parseAgile(b[8:]), nil
	case minor == 2:
		return parseStandard(b[4:]), nil
	}
	return nil, nil
}

func (o *oleFile) decryptPackage(i int32, info officePackage) error {
	s, err := o.open(i)
	if err != nil {
		return err
	}
	m := s.member
	m.Encrypted = true
	f := input.NewFields(s, s.Size)
	size := int64(f.U64())
	if info == nil || f.Short {
		o.broken(m, "document", level.ErrEncrypted)
		return f.Err
	}
	m.Password = o.officeKeys(info.cost(), info.unlock)
	if m.Password == "" {
		o.broken(m, "document", level.ErrEncrypted)
		return nil
	}
	m.Size, m.Method = size, "aes"
	if size < 0 || size > s.Size-8 {
		level.Note(m, anomaly.Size)
		size = s.Size - 8
	}
	packed := &level.Marked{R: io.NewSectionReader(s, 8, s.Size-8)}
	o.Yield(m, io.LimitReader(&packageBody{in: packed, key: info, block: make([]byte, info.blockBytes())}, size))
	return nil
}

// packageBody decrypts block after block.
type packageBody struct {
	in    io.Reader
	key   officePackage
	block []byte
	n     uint32 // blocks so far
	plain []byte // of the present block, not returned yet
	err   error
}

func (p *packageBody) Read(b []byte) (int, error) {
	if len(p.plain) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		n, err := io.ReadFull(p.in, p.block)
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		if err != nil && err != io.EOF {
			err = level.BodyError(err)
		}
		// A cut cipher block cannot be decrypted.
		p.plain, p.err = p.block[:n&^15], err
		p.key.decrypt(p.plain, p.n)
		p.n++
	}
	n := copy(b, p.plain)
	p.plain = p.plain[n:]
	if n == 0 && len(b) > 0 {
		return 0, p.err
	}
	return n, nil
}
