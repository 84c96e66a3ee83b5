package office

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
)

// standardSpin is the number of rounds in the encryption of Office 2007.
const standardSpin = 50_000

// Algorithms of an encryption header ([MS-OFFCRYPTO] section 2.3.2).
const (
	algRC4    = 0x6801
	algAES128 = 0x660E
	algAES192 = 0x660F
	algAES256 = 0x6610
)

// officeHeader is the description that the encryptions of Office 2002 to 2007
// share: an encryption header and a verifier ([MS-OFFCRYPTO] sections 2.3.2 and 2.3.3).
type officeHeader struct {
	algorithm    uint32
	keyBits      int
	salt         []byte
	verifier     []byte // 16 bytes, encrypted
	verifierHash []byte // encrypted; padded to whole blocks with AES
}

// parseOfficeHeader reads what follows the version: flags, the header's length, the
// header, the verifier.
func parseOfficeHeader(b []byte) (h officeHeader, ok bool) {
	if len(b) < 8 {
		return h, false
	}
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	if n < 32 || n > uint64(len(b)) {
		return h, false
	}
	h.algorithm, h.keyBits = binary.LittleEndian.Uint32(b[8:]), int(int32(binary.LittleEndian.Uint32(b[16:])))
	v := b[n:]
	if len(v) < 4+16+16+4+20 || binary.LittleEndian.Uint32(v) != 16 {
		return h, false
	}
	h.salt, h.verifier, h.verifierHash = v[4:20], v[20:36], v[40:]
	return h, true
}

// standard is the encryption of Office 2007: AES in ECB mode.
type standard struct {
	officeHeader
	key cipher.Block
}

// parseStandard reads a description; nil if its cipher is not AES.
func parseStandard(b []byte) officePackage {
	h, ok := parseOfficeHeader(b)
	if !ok || len(h.verifierHash) < 32 {
		return nil
	}
	switch h.algorithm {
	case algAES128:
		h.keyBits = 128
	case algAES192:
		h.keyBits = 192
	case algAES256:
		h.keyBits = 256
	default:
		return nil
	}
	h.verifierHash = h.verifierHash[:32]
	return &standard{officeHeader: h}
}

func (s *standard) cost() int64     { return standardSpin + 8 }
func (s *standard) blockBytes() int { return agileSegment }

// unlock derives the key of a password and compares the verifier ([MS-OFFCRYPTO]
// sections 2.3.4.7 and 2.3.4.9).
func (s *standard) unlock(password []byte) bool {
	secret := officeSpin(sha1.New(), s.salt, password, standardSpin)
	sum := sha1.Sum(append(secret, 0, 0, 0, 0))
	var inner, outer [64]byte
	for i := range inner {
		inner[i], outer[i] = 0x36, 0x5C
		if i < len(sum) {
			inner[i] ^= sum[i]
			outer[i] ^= sum[i]
		}
	}
	x1, x2 := sha1.Sum(inner[:]), sha1.Sum(outer[:])
	var err error
	s.key, err = aes.NewCipher(append(x1[:], x2[:]...)[:s.keyBits/8])
	if err != nil {
		return false
	}
	verifier, hash := bytes.Clone(s.verifier), bytes.Clone(s.verifierHash)
	s.decrypt(verifier, 0)
	s.decrypt(hash, 0)
	want := sha1.Sum(verifier)
	return bytes.Equal(want[:], hash[:len(want)])
}

func (s *standard) decrypt(block []byte, _ uint32) {
	for ; len(block) >= aes.BlockSize; block = block[aes.BlockSize:] {
		s.key.Decrypt(block, block)
	}
}

// fromBase64 decodes a field; nil for one that cannot be.
func fromBase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}
