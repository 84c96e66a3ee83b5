package office

import (
	"encoding/binary"
	"math/bits"
)

// Tables of the oldest protection ([MS-OFFCRYPTO] section 2.3.7.2).
var (
	xorInitial = [15]uint16{0xE1F0, 0x1D0F, 0xCC9C, 0x84C0, 0x110C, 0x0E10, 0xF1CE, 0x313E,
		0x1872, 0xE139, 0xD40F, 0x84F9, 0x280C, 0xA96A, 0x4EC3}
	xorMatrix = [105]uint16{
		0xAEFC, 0x4DD9, 0x9BB2, 0x2745, 0x4E8A, 0x9D14, 0x2A09, 0x7B61, 0xF6C2, 0xFDA5, 0xEB6B, 0xC6F7, 0x9DCF, 0x2BBF,
		0x4563, 0x8AC6, 0x05AD, 0x0B5A, 0x16B4, 0x2D68, 0x5AD0, 0x0375, 0x06EA, 0x0DD4, 0x1BA8, 0x3750, 0x6EA0, 0xDD40,
		0xD849, 0xA0B3, 0x5147, 0xA28E, 0x553D, 0xAA7A, 0x44D5, 0x6F45, 0xDE8A, 0xAD35, 0x4A4B, 0x9496, 0x390D, 0x721A,
		0xEB23, 0xC667, 0x9CEF, 0x29FF, 0x53FE, 0xA7FC, 0x5FD9, 0x47D3, 0x8FA6, 0x0F6D, 0x1EDA, 0x3DB4, 0x7B68, 0xF6D0,
		0xB861, 0x60E3, 0xC1C6, 0x93AD, 0x377B, 0x6EF6, 0xDDEC, 0x45A0, 0x8B40, 0x06A1, 0x0D42, 0x1A84, 0x3508, 0x6A10,
		0xAA51, 0x4483, 0x8906, 0x022D, 0x045A, 0x08B4, 0x1168, 0x76B4, 0xED68, 0xCAF1, 0x85C3, 0x1BA7, 0x374E, 0x6E9C,
		0x3730, 0x6E60, 0xDCC0, 0xA9A1, 0x4363, 0x86C6, 0x1DAD, 0x3331, 0x6662, 0xCCC4, 0x89A9, 0x0373, 0x06E6, 0x0DCC,
		0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48C4}
	xorPad = [15]byte{0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80, 0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00}
)

// xorKey is the protection of Excel up to 95, which later versions still write on
// request: a pattern of 16 bytes.
type xorKey struct {
	key, verifier uint16 // declared
	pattern       [16]byte
}

// unlock says whether a password fits, one byte for each character.
func (x *xorKey) unlock(wide []byte) bool {
	var password []byte
	for i := 0; i+1 < len(wide); i += 2 {
		b := wide[i]
		if b == 0 {
			b = wide[i+1]
		}
		password = append(password, b)
	}
	n := len(password)
	if n == 0 || n > len(xorInitial) || xorVerifier(password) != x.verifier {
		return false
	}
	key := xorInitial[n-1]
	at := len(xorMatrix) - 1
	for i := n - 1; i >= 0; i-- {
		for bit := range 7 {
			if password[i]<<bit&0x40 != 0 {
				key ^= xorMatrix[at]
			}
			at--
		}
	}
	if key != x.key {
		return false
	}
	copy(x.pattern[:], password)
	copy(x.pattern[n:], xorPad[:16-n])
	var halves [2]byte
	binary.LittleEndian.PutUint16(halves[:], key)
	for i := range x.pattern {
		x.pattern[i] = bits.RotateLeft8(x.pattern[i]^halves[i%2], 2)
	}
	return true
}

// xorVerifier is the hash that is stored of a password ([MS-OFFCRYPTO] section 2.3.7.1).
func xorVerifier(password []byte) uint16 {
	sum := uint16(0)
	next := func(b byte) {
		sum = sum>>14&1 | sum<<1&0x7FFF
		sum ^= uint16(b)
	}
	for i := len(password) - 1; i >= 0; i-- {
		next(password[i])
	}
	next(byte(len(password)))
	return sum ^ 0xCE4B
}

// apply decrypts bytes at off of the stream, in a record of n bytes. Where the
// pattern begins depends on both ([MS-OFFCRYPTO] section 2.3.7.3).
func (x *xorKey) apply(p []byte, off, n int64) {
	for i := range p {
		p[i] = bits.RotateLeft8(p[i], 3) ^ x.pattern[(off+int64(i)+n)%16]
	}
}
