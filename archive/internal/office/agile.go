package office

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/xml"
	"hash"
	"slices"
	"strings"
)

// agileSegment is how many bytes of a package are encrypted by themselves
// ([MS-OFFCRYPTO] section 2.3.4.15).
const agileSegment = 4096

// Block keys: what a derived key is for ([MS-OFFCRYPTO] section 2.3.4.13).
var (
	agileVerifierInput = []byte{0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79}
	agileVerifierHash  = []byte{0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E}
	agilePackageKey    = []byte{0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6}
)

// agileCipher is how something is encrypted, in the words of the description
// ([MS-OFFCRYPTO] section 2.3.4.10).
type agileCipher struct {
	BlockSize       int    `xml:"blockSize,attr"`
	KeyBits         int    `xml:"keyBits,attr"`
	CipherAlgorithm string `xml:"cipherAlgorithm,attr"`
	CipherChaining  string `xml:"cipherChaining,attr"`
	HashAlgorithm   string `xml:"hashAlgorithm,attr"`
	Salt            []byte `xml:"-"`
	SaltValue       string `xml:"saltValue,attr"`
	newHash         func() hash.Hash
}

// agile is the encryption of Office 2010 and later.
type agile struct {
	KeyData    agileCipher `xml:"keyData"`
	Encryptors []agileKey  `xml:"keyEncryptors>keyEncryptor>encryptedKey"`

	password *agileKey // the encryptor by password
	key      cipher.Block
}

// agileKey is the package's key, encrypted.
type agileKey struct {
	agileCipher
	SpinCount     int64  `xml:"spinCount,attr"`
	VerifierInput string `xml:"encryptedVerifierHashInput,attr"`
	VerifierHash  string `xml:"encryptedVerifierHashValue,attr"`
	KeyValue      string `xml:"encryptedKeyValue,attr"`

	verifierInput, verifierHash, keyValue []byte
}

// parseAgile reads the description; nil if it has no password or a cipher that is
// not AES in CBC mode.
func parseAgile(description []byte) officePackage {
	a := &agile{}
	if xml.NewDecoder(bytes.NewReader(description)).Decode(a) != nil || !a.KeyData.complete() {
		return nil
	}
	for i := range a.Encryptors {
		if k := &a.Encryptors[i]; k.complete() && k.decode() {
			a.password = k
			return a
		}
	}
	return nil
}

// complete fills in what the description names, and says whether it is known.
func (c *agileCipher) complete() bool {
	switch strings.ToUpper(strings.ReplaceAll(c.HashAlgorithm, "-", "")) {
	case "SHA1":
		c.newHash = sha1.New
	case "SHA256":
		c.newHash = sha256.New
	case "SHA384":
		c.newHash = sha512.New384
	case "SHA512":
		c.newHash = sha512.New
	case "MD5":
		c.newHash = md5.New
	default:
		return false
	}
	c.Salt = fromBase64(c.SaltValue)
	return c.CipherAlgorithm == "AES" && c.CipherChaining == "ChainingModeCBC" && c.BlockSize == aes.BlockSize &&
		(c.KeyBits == 128 || c.KeyBits == 192 || c.KeyBits == 256) && len(c.Salt) > 0
}

func (k *agileKey) decode() bool {
	k.verifierInput, k.verifierHash, k.keyValue = fromBase64(k.VerifierInput), fromBase64(k.VerifierHash), fromBase64(k.KeyValue)
	whole := func(b []byte) bool { return len(b) > 0 && len(b)%aes.BlockSize == 0 }
	return k.SpinCount >= 0 && k.SpinCount <= officeSpinMost &&
		whole(k.verifierInput) && whole(k.verifierHash) && whole(k.keyValue)
}

func (a *agile) cost() int64     { return a.password.SpinCount + 8 }
func (a *agile) blockBytes() int { return agileSegment }

// unlock derives the keys of a password and compares the verifier ([MS-OFFCRYPTO]
// section 2.3.4.13).
func (a *agile) unlock(password []byte) bool {
	k := a.password
	secret := officeSpin(k.newHash(), k.Salt, password, k.SpinCount)
	input := k.open(secret, agileVerifierInput, k.verifierInput)
	want := k.open(secret, agileVerifierHash, k.verifierHash)
	h := k.newHash()
	h.Write(input)
	if sum := h.Sum(nil); len(want) < len(sum) || !bytes.Equal(sum, want[:len(sum)]) {
		return false
	}
	key := k.open(secret, agilePackageKey, k.keyValue)
	if len(key) < a.KeyData.KeyBits/8 {
		return false
	}
	var err error
	a.key, err = aes.NewCipher(key[:a.KeyData.KeyBits/8])
	return err == nil
}

// officeSpin is the slow hash of a password: salt and password, then n rounds with
// their number before the last result.
func officeSpin(h hash.Hash, salt, password []byte, n int64) []byte {
	h.Write(salt)
	h.Write(password)
	sum := h.Sum(nil)
	var count [4]byte
	for i := range n {
		binary.LittleEndian.PutUint32(count[:], uint32(i))
		h.Reset()
		h.Write(count[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum
}

// open decrypts a field of the description with the key for that purpose.
func (k *agileKey) open(secret, purpose, field []byte) []byte {
	h := k.newHash()
	h.Write(secret)
	h.Write(purpose)
	block, err := aes.NewCipher(stretch(h.Sum(nil), k.KeyBits/8))
	if err != nil {
		return nil
	}
	out := make([]byte, len(field))
	cipher.NewCBCDecrypter(block, stretch(slices.Clone(k.Salt), aes.BlockSize)).CryptBlocks(out, field)
	return out
}

// stretch cuts b to n bytes, or fills it up with 0x36.
func stretch(b []byte, n int) []byte {
	for len(b) < n {
		b = append(b, 0x36)
	}
	return b[:n]
}

func (a *agile) decrypt(block []byte, n uint32) {
	h := a.KeyData.newHash()
	h.Write(a.KeyData.Salt)
	h.Write(binary.LittleEndian.AppendUint32(nil, n))
	cipher.NewCBCDecrypter(a.key, stretch(h.Sum(nil), aes.BlockSize)).CryptBlocks(block, block)
}
