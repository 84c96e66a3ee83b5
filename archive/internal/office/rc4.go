package office

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
)

// rc4Key makes the keys of RC4 encryption in documents up to 2003. A stream is
// encrypted in blocks, each with its own key.
type rc4Key struct {
	officeHeader
	strong bool   // CryptoAPI's: SHA-1, up to 128 bits; else MD5 and 40 bits
	secret []byte // of the password
}

// parseRC4 reads a description from its version on ([MS-OFFCRYPTO] sections
// 2.3.5.1 and 2.3.6.1); nil if it is none of RC4.
func parseRC4(b []byte) *rc4Key {
	if len(b) < 4 {
		return nil
	}
	major, minor := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	b = b[4:]
	if major == 1 && minor == 1 {
		if len(b) < 48 {
			return nil
		}
		return &rc4Key{officeHeader: officeHeader{salt: b[:16], verifier: b[16:32], verifierHash: b[32:48]}}
	}
	h, ok := parseOfficeHeader(b)
	if minor != 2 || !ok || h.algorithm != algRC4 {
		return nil
	}
	if h.keyBits == 0 {
		h.keyBits = 40
	}
	if h.keyBits < 40 || h.keyBits > 128 || h.keyBits%8 != 0 {
		return nil
	}
	h.verifierHash = h.verifierHash[:sha1.Size]
	return &rc4Key{officeHeader: h, strong: true}
}

// rc4Cost is what trying one password takes, in rounds of a hash.
const rc4Cost = 32

// unlock says whether a password fits ([MS-OFFCRYPTO] sections 2.3.5.6 and 2.3.6.4).
func (k *rc4Key) unlock(password []byte) bool {
	if k.strong {
		sum := sha1.Sum(append(bytes.Clone(k.salt), password...))
		k.secret = sum[:]
	} else {
		first := md5.Sum(password)
		h := md5.New()
		for range 16 {
			h.Write(first[:5])
			h.Write(k.salt)
		}
		k.secret = h.Sum(nil)[:5]
	}
	verifier, hash := bytes.Clone(k.verifier), bytes.Clone(k.verifierHash)
	c := k.block(0)
	c.XORKeyStream(verifier, verifier)
	c.XORKeyStream(hash, hash)
	if k.strong {
		want := sha1.Sum(verifier)
		return bytes.Equal(want[:], hash)
	}
	want := md5.Sum(verifier)
	return bytes.Equal(want[:], hash)
}

// block returns the cipher of a block ([MS-OFFCRYPTO] sections 2.3.5.2 and 2.3.6.2).
func (k *rc4Key) block(n uint32) *rc4.Cipher {
	seed := binary.LittleEndian.AppendUint32(bytes.Clone(k.secret), n)
	var key []byte
	if k.strong {
		sum := sha1.Sum(seed)
		key = sum[:k.keyBits/8]
		if k.keyBits == 40 {
			key = append(bytes.Clone(key), make([]byte, 11)...)
		}
	} else {
		sum := md5.Sum(seed)
		key = sum[:]
	}
	c, _ := rc4.NewCipher(key) // fails only for lengths that these are not
	return c
}

// rc4Stream is the key stream over a stream's offsets, made in ascending order.
type rc4Stream struct {
	key   *rc4Key
	unit  int64 // bytes of a block
	off   int64 // of the next key byte
	now   *rc4.Cipher
	waste [256]byte
}

// apply decrypts p, which is at off of the stream. Offsets ascend.
func (s *rc4Stream) apply(p []byte, off int64) {
	for len(p) > 0 {
		if s.now == nil || off/s.unit != s.off/s.unit {
			s.now, s.off = s.key.block(uint32(off/s.unit)), off/s.unit*s.unit
		}
		for s.off < off {
			n := min(off-s.off, int64(len(s.waste)))
			s.now.XORKeyStream(s.waste[:n], s.waste[:n])
			s.off += n
		}
		n := min(int64(len(p)), s.unit-off%s.unit)
		s.now.XORKeyStream(p[:n], p[:n])
		p = p[n:]
		off += n
		s.off = off
		if off%s.unit == 0 {
			s.now = nil
		}
	}
}

// raw decrypts p at off of a key stream without blocks. Offsets ascend.
func (s *rc4Stream) raw(p []byte, off int64) {
	for s.off < off {
		n := min(off-s.off, int64(len(s.waste)))
		s.now.XORKeyStream(s.waste[:n], s.waste[:n])
		s.off += n
	}
	s.now.XORKeyStream(p, p)
	s.off += int64(len(p))
}
