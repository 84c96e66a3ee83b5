package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"io"
)

// pdfCipher is how a crypt filter encrypts (ISO 32000-2 table 25).
type pdfCipher uint8

const (
	pdfPlain   pdfCipher = iota // Identity, None
	pdfRC4                      // V2
	pdfAES128                   // AESV2
	pdfAES256                   // AESV3
	pdfStrange                  // a method that is not known
)

// crypt is an encryption dictionary of the standard security handler (ISO 32000-2
// section 7.6.4), and its key once a password has opened it.
type crypt struct {
	standard bool
	v, r     int64
	length   int64 // declared bits of the key
	p        int32
	o, u     []byte
	oe, ue   []byte
	metadata bool // metadata streams are encrypted too
	named    map[string]pdfCipher
	stm, str pdfCipher
	eff      pdfCipher
	ids      [][]byte // the candidates for the file's identifier

	key      []byte // nil while locked
	password string // "" for the empty one
}

// maxCryptFilters bounds the named crypt filters that are kept.
const maxCryptFilters = 32

// newCrypt reads an encryption dictionary.
func newCrypt(t *tree, dict int32, ids [][]byte) *crypt {
	c := &crypt{standard: t.hasField(dict, pdfKeyFilter, "Standard"), ids: ids,
		v: t.int(dict, pdfKeyV, 0), r: t.int(dict, pdfKeyR, 0), length: t.int(dict, pdfKeyLength, 40),
		p: int32(t.int(dict, pdfKeyP, 0)), metadata: true}
	text := func(k key) []byte { return bytes.Clone(t.str(t.field(dict, k))) }
	c.o, c.u, c.oe, c.ue = text(pdfKeyO), text(pdfKeyU), text(pdfKeyOE), text(pdfKeyUE)
	if i := t.field(dict, pdfKeyEncryptMetadata); i != 0 && t.vals[i].kind == pdfBool {
		c.metadata = t.vals[i].n != 0
	}
	switch c.v {
	case 4, 5, 6:
		c.filters(t, dict)
	default:
		c.stm, c.str, c.eff = pdfRC4, pdfRC4, pdfRC4
	}
	return c
}

// filters reads the crypt filters (section 7.6.6).
func (c *crypt) filters(t *tree, dict int32) {
	c.named = map[string]pdfCipher{}
	cf := t.field(dict, pdfKeyCF)
	for i := t.vals[cf].child; i != 0 && len(c.named) < maxCryptFilters; i = t.vals[i].next {
		if t.vals[i].kind != pdfDict {
			continue
		}
		m := pdfStrange
		switch string(t.str(t.field(i, pdfKeyCFM))) {
		case "V2":
			m = pdfRC4
		case "AESV2":
			m = pdfAES128
		case "AESV3":
			m = pdfAES256
		case "None", "":
			m = pdfPlain
		}
		if n := t.int(i, pdfKeyLength, 0); n > 0 && c.v == 4 {
			if n < 40 {
				n *= 8 // QUIRK: table 25 counts bits, and most writers bytes
			}
			c.length = n
		}
		c.named[string(t.str(i))] = m
	}
	c.stm = c.byName(string(t.str(t.field(dict, pdfKeyStmF))))
	c.str = c.byName(string(t.str(t.field(dict, pdfKeyStrF))))
	c.eff = c.stm
	if i := t.field(dict, pdfKeyEFF); i != 0 {
		c.eff = c.byName(string(t.str(i)))
	}
}

func (c *crypt) byName(name string) pdfCipher {
	if name == "" || name == "Identity" {
		return pdfPlain
	}
	if m, ok := c.named[name]; ok {
		return m
	}
	return pdfStrange
}

// objectKey derives the key of one object (section 7.6.3.2).
func (c *crypt) objectKey(m pdfCipher, num, gen int64) []byte {
	if m == pdfAES256 {
		return c.key
	}
	b := append(bytes.Clone(c.key), byte(num), byte(num>>8), byte(num>>16), byte(gen), byte(gen>>8))
	if m == pdfAES128 {
		b = append(b, "sAlT"...)
	}
	sum := md5.Sum(b)
	return sum[:min(len(c.key)+5, 16)]
}

// decryptString returns the plain text of a string of an object.
func (c *crypt) decryptString(s []byte, num, gen int64) []byte {
	if c.str == pdfPlain {
		return s
	}
	out, _ := io.ReadAll(c.reader(c.str, bytes.NewReader(s), num, gen))
	return out
}

// reader decrypts what r delivers.
func (c *crypt) reader(m pdfCipher, r io.Reader, num, gen int64) io.Reader {
	switch m {
	case pdfRC4:
		z, err := rc4.NewCipher(c.objectKey(m, num, gen))
		if err != nil {
			return r
		}
		return &cipher.StreamReader{S: z, R: r}
	case pdfAES128, pdfAES256:
		block, err := aes.NewCipher(c.objectKey(m, num, gen))
		if err != nil {
			return r
		}
		return &cbc{r: r, block: block}
	}
	return r
}

// cbc decrypts AES in CBC mode: the initialisation vector comes first, and the
// last block says how much of it is padding.
type cbc struct {
	r     io.Reader
	block cipher.Block
	mode  cipher.BlockMode
	buf   [1 << 10]byte
	out   []byte // plain bytes, in buf or last
	last  [16]byte
	held  bool // last holds a block that may be the final one
	err   error
}

func (c *cbc) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.more()
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// more decrypts another piece; the block that ends it waits for the next.
func (c *cbc) more() {
	at := 0
	if c.held {
		at = copy(c.buf[:], c.last[:])
		c.held = false
	}
	var n int
	n, c.err = io.ReadFull(c.r, c.buf[at:])
	if c.err == io.ErrUnexpectedEOF {
		c.err = io.EOF
	}
	// What is left of a block at the end cannot be decrypted by anyone; the block
	// before it is not the one with the padding then.
	whole := c.buf[:at+n/16*16]
	fresh := whole[at:]
	if c.mode == nil {
		if len(fresh) == 0 {
			return
		}
		c.mode = cipher.NewCBCDecrypter(c.block, fresh[:16])
		fresh = fresh[16:]
		whole = fresh
	}
	c.mode.CryptBlocks(fresh, fresh)
	switch {
	case len(whole) == 0:
		return
	case c.err == io.EOF && n%16 == 0:
		if pad := int(whole[len(whole)-1]); pad >= 1 && pad <= 16 {
			whole = whole[:len(whole)-pad]
		}
	case c.err == nil:
		c.held = true
		copy(c.last[:], whole[len(whole)-16:])
		whole = whole[:len(whole)-16]
	}
	c.out = whole
}

// pdfPad fills passwords up to 32 bytes (section 7.6.4.3.2).
var pdfPad = [32]byte{0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
	0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A}

func padPDF(password []byte) []byte {
	return append(bytes.Clone(password[:min(len(password), 32)]), pdfPad[:32-min(len(password), 32)]...)
}

// oldKey derives the file's key for revisions 2 to 4 (algorithm 2).
func (c *crypt) oldKey(padded, id []byte, n int) []byte {
	h := md5.New()
	h.Write(padded)
	h.Write(c.o[:min(len(c.o), 32)])
	_ = binary.Write(h, binary.LittleEndian, c.p)
	h.Write(id)
	if c.r >= 4 && !c.metadata {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)
	if c.r >= 3 {
		for range 50 {
			sum := md5.Sum(key[:n])
			key = sum[:]
		}
	}
	return key[:n]
}

// oldFits reports whether a key is the one that made U (algorithms 4 to 6).
func (c *crypt) oldFits(key, id []byte) bool {
	if c.r == 2 {
		return len(c.u) >= 32 && bytes.Equal(rc4Once(key, pdfPad[:], 0), c.u[:32])
	}
	sum := md5.Sum(append(pdfPad[:], id...))
	b := sum[:]
	for i := range 20 {
		b = rc4Once(key, b, byte(i))
	}
	return len(c.u) >= 16 && bytes.Equal(b, c.u[:16])
}

// rc4Once encrypts with a key of which each byte is combined with x.
func rc4Once(key, b []byte, x byte) []byte {
	k := bytes.Clone(key)
	for i := range k {
		k[i] ^= x
	}
	z, err := rc4.NewCipher(k)
	if err != nil {
		return nil
	}
	out := make([]byte, len(b))
	z.XORKeyStream(out, b)
	return out
}

// userOf recovers the padded user password from an owner password (algorithm 7).
func (c *crypt) userOf(owner []byte, n int) []byte {
	sum := md5.Sum(padPDF(owner))
	key := sum[:]
	if c.r >= 3 {
		for range 50 {
			sum := md5.Sum(key)
			key = sum[:]
		}
	}
	b := c.o[:min(len(c.o), 32)]
	if c.r == 2 {
		return rc4Once(key[:n], b, 0)
	}
	for i := 19; i >= 0; i-- {
		b = rc4Once(key[:n], b, byte(i))
	}
	return b
}
