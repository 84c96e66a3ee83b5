package office

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"
)

// A stream of a document that is made for distribution, which shows but does not let
// itself be changed, begins with a record that holds the key to the rest (Hancom, "Hwp
// Document File Formats 5.0, documents for distribution", revision 1.2). No password is
// needed.

// hwpDistribution is the record's tag, 0x10 and twelve, and its length, which the record's
// head packs behind the level (section 4.1.4 of the formats).
const (
	hwpDistribution = 0x1c
	hwpKeyBytes     = 256
	hwpRecordHead   = 4
)

// hwpKey returns the key that the record at a stream's begin hides; false if there is
// none.
func hwpKey(head []byte) ([]byte, bool) {
	if len(head) < hwpRecordHead+hwpKeyBytes {
		return nil, false
	}
	if record := binary.LittleEndian.Uint32(head); record&0x3ff != hwpDistribution || record>>20 != hwpKeyBytes {
		return nil, false
	}
	var b [hwpKeyBytes]byte
	copy(b[:], head[hwpRecordHead:])
	seed := binary.LittleEndian.Uint32(b[:])
	rand := hwpRand(seed)
	for i, left, pad := 0, 0, byte(0); i < len(b); i, left = i+1, left-1 {
		if left == 0 {
			pad = byte(rand.next())
			left = int(rand.next()&0xf) + 1
		}
		if i >= hwpRecordHead { // the seed itself is plain
			b[i] ^= pad
		}
	}
	at := 4 + int(seed&0xf)
	return b[at : at+aes.BlockSize], true
}

// hwpRand is the generator of random numbers of Microsoft's C library.
type hwpRand uint32

func (r *hwpRand) next() uint32 {
	*r = *r*214013 + 2531011
	return uint32(*r) >> 16 & 0x7fff
}

// hwpReader decrypts what stands behind the record, block by block without a chain.
// Bytes after the last whole block are left out.
type hwpReader struct {
	r     io.Reader
	block cipher.Block
	buf   [4 << 10]byte
	plain []byte // of buf, not read yet
	err   error
}

func newHWPReader(stream *io.SectionReader, key []byte) io.Reader {
	block, err := aes.NewCipher(key)
	return &hwpReader{
		r:     io.NewSectionReader(stream, hwpRecordHead+hwpKeyBytes, max(0, stream.Size()-hwpRecordHead-hwpKeyBytes)),
		block: block, err: err,
	}
}

func (r *hwpReader) Read(p []byte) (int, error) {
	if len(r.plain) == 0 && r.err == nil {
		var n int
		n, r.err = io.ReadFull(r.r, r.buf[:])
		if r.err == io.ErrUnexpectedEOF {
			r.err = io.EOF
		}
		n -= n % aes.BlockSize
		for at := 0; at < n; at += aes.BlockSize {
			r.block.Decrypt(r.buf[at:], r.buf[at:])
		}
		r.plain = r.buf[:n]
	}
	if len(r.plain) == 0 && len(p) > 0 {
		return 0, r.err
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}
