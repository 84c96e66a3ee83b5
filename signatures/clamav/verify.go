package clamav

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
)

// keyring is ClamAV's public keys, which are in its sources as decimal numbers
// (libclamav/dsig.c, readdb.c).
type keyring struct {
	md5    publicKey // signs the digest in a header
	sha256 publicKey // signs the .info file
}

// publicKey is RSA without the padding of PKCS #1, which crypto/rsa insists on.
type publicKey struct{ n, e *big.Int }

// clamKeys returns the keys of the ClamAV project.
func clamKeys() *keyring {
	number := func(digits string) *big.Int {
		n, _ := new(big.Int).SetString(digits, 10)
		return n
	}
	return &keyring{
		md5: publicKey{e: number("100001027"), n: number(
			"1186409955516453426030700016584531897515277744120277437465994057432431426074641447673610606406558447" +
				"4976078889002228342492276248891756555100246777110966959818941043469903453223222862159108950817859142" +
				"8456220796841621637175567590476666928698770143328137383952820383197532047771780196576957695822641224" +
				"262693037")},
		sha256: publicKey{e: number("100002049"), n: number(
			"1108889498304854547365955610662719492392894179179504762059165869741358104332271591217249680652538105" +
				"5880964520618400224333320534660299233983755341740679502866829909679955734391392668378361221524205396" +
				"6310901051516412708572770803107343209516537005089417174191687239425078907029047027075874516216910507" +
				"5430785038339986534648720379846417853739221140278648135982446119723110289541509377039421666632448459" +
				"3935762408468516826633192140826667923494822045805347809932848454845886971706424360558667862775876072" +
				"0594377033653802091016977385775154769350854694552799941131459779940846183284821510131423933733163375" +
				"19977244732747977")},
	}
}

// alphabet are the digits of a signature, six bits each, the lowest first.
const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"

// open returns the last size bytes of what the signature was made of; what stands
// before them is not looked at, as ClamAV does not.
func (k publicKey) open(signature string, size int) ([]byte, error) {
	bits := k.n.BitLen()
	if len(signature) == 0 || len(signature) > bits/6+1 {
		return nil, fmt.Errorf("%d characters: %w", len(signature), ErrSignature)
	}
	c := new(big.Int)
	for i := len(signature) - 1; i >= 0; i-- {
		digit := strings.IndexByte(alphabet, signature[i])
		if digit < 0 {
			return nil, fmt.Errorf("%q in it: %w", signature[i], ErrSignature)
		}
		c.Lsh(c, 6).Or(c, big.NewInt(int64(digit)))
	}
	plain := c.Exp(c, k.e, k.n).FillBytes(make([]byte, (bits+7)/8))
	return plain[len(plain)-size:], nil
}

// verifyMD5 checks the signature of a header: raw RSA over the digest.
func (k *keyring) verifyMD5(digest []byte, signature string) error {
	plain, err := k.md5.open(signature, len(digest))
	if err == nil && !bytes.Equal(plain, digest) {
		err = ErrSignature
	}
	return err
}

// verifySHA256 checks the signature of a .info file: RSA-PSS with SHA-256 for
// digest and mask, and a salt as long as the digest (RFC 8017 section 9.1.2). The
// digits are those of a header's signature.
func (k *keyring) verifySHA256(digest []byte, signature string) error {
	size := (k.sha256.n.BitLen() + 7) / 8
	em, err := k.sha256.open(signature, size)
	if err != nil {
		return err
	}
	db, hash := em[:size-sha256.Size-1], em[size-sha256.Size-1:size-1]
	if em[size-1] != 0xbc {
		return ErrSignature
	}
	mask(db, hash)
	db[0] &= 0xff >> (8*size - k.sha256.n.BitLen() + 1)
	padding, salt := db[:len(db)-sha256.Size-1], db[len(db)-sha256.Size:]
	if len(bytes.Trim(padding, "\x00")) > 0 || db[len(padding)] != 1 {
		return ErrSignature
	}
	h := sha256.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(salt)
	if !bytes.Equal(h.Sum(nil), hash) {
		return ErrSignature
	}
	return nil
}

// mask xors b with MGF1 of seed (RFC 8017 section B.2.1).
func mask(b, seed []byte) {
	for n := uint32(0); len(b) > 0; n++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(bytes.Clone(seed), n))
		for i := 0; i < len(sum) && i < len(b); i++ {
			b[i] ^= sum[i]
		}
		b = b[min(len(b), len(sum)):]
	}
}
