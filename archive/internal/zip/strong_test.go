package zip

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// strongEntry is a member under strong encryption with a password, for which keyBytes
// may be 16, 24 or 32.
func strongEntry(t testing.TB, method uint16, body, password string, keyBytes int, ownIV bool) entry {
	t.Helper()
	iv := []byte("initialisation..")
	if !ownIV {
		iv = binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))
		iv = binary.LittleEndian.AppendUint64(iv, uint64(len(body)))
	}
	encrypter := func(key []byte) cipher.BlockMode {
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		return cipher.NewCBCEncrypter(block, append(bytes.Clone(iv), make([]byte, 16)...)[:16])
	}
	pad := func(b []byte) []byte {
		n := aes.BlockSize - len(b)%aes.BlockSize
		return append(b, bytes.Repeat([]byte{byte(n)}, n)...)
	}
	random := []byte("thirty-two random bytes, or more")
	key := strongKey(sha1.Sum(append(bytes.Clone(iv), random...)), keyBytes)
	random = pad(random)
	encrypter(strongKey(sha1.Sum([]byte(password)), keyBytes)).CryptBlocks(random, random)

	data := encrypter(key)
	check := binary.LittleEndian.AppendUint32([]byte("to be checked"[:12]), crc32.ChecksumIEEE([]byte("to be checked"[:12])))
	data.CryptBlocks(check, check)
	packed := pad(archivetest.Pack(method, body))
	data.CryptBlocks(packed, packed)

	var header, raw bytes.Buffer
	archivetest.Put(&header, uint16(3), uint16(0x660e+(keyBytes-16)/8), uint16(8*keyBytes), uint16(1),
		uint16(len(random)), string(random), uint32(0), uint16(len(check)), string(check))
	if !ownIV {
		iv = nil
	}
	archivetest.Put(&raw, uint16(len(iv)), string(iv), uint32(header.Len()), header.String(), string(packed))
	flags := func(h *head) { h.flags |= flagEncrypted | flagStrong }
	listed := func(h *head) { // 7-Zip wants the extra field of section 4.5.12, too
		var b bytes.Buffer
		archivetest.Put(&b, uint16(0x17), uint16(8), uint16(2), uint16(0x660e+(keyBytes-16)/8), uint16(8*keyBytes), uint16(1))
		h.extra = b.String()
	}
	return entry{name: "p", method: method, body: body, raw: raw.Bytes(), local: flags, central: both(flags, listed)}
}

// TestZipStrong: PKWARE's encryption with AES, which 7-Zip opens too.
func TestZipStrong(t *testing.T) {
	for _, method := range []uint16{0, 8} {
		for _, keyBytes := range []int{16, 24, 32} {
			for _, ownIV := range []bool{true, false} {
				t.Run(fmt.Sprint(method, keyBytes, ownIV), func(t *testing.T) {
					e := strongEntry(t, method, archivetest.Payload, "infected", keyBytes, ownIV)
					data := forge([]entry{e, listed("o", "plain", 0)}, nil, "")
					all := readWith(t, data, tryKeys("wrong", "", "infected"))
					if len(all) != 2 || all[0].Data != archivetest.Payload || all[0].Fault != nil || all[0].Password != "infected" || len(all[0].Anomalies) > 0 {
						t.Errorf("%+v %v", all[0].Member, all[0].Fault)
					}
					all = readWith(t, data, tryKeys("wrong"))
					if len(all) != 2 || !errors.Is(all[0].Err, level.ErrEncrypted) {
						t.Errorf("%+v", all[0].Member)
					}
					if _, err := exec.LookPath("7z"); err != nil {
						return
					}
					file := filepath.Join(t.TempDir(), "s.zip")
					if err := os.WriteFile(file, data, 0o600); err != nil {
						t.Fatal(err)
					}
					if out, err := exec.Command("7z", "x", "-so", "-pinfected", file, "p").Output(); string(out) != archivetest.Payload {
						t.Errorf("7-Zip has %q, %v", out, err)
					}
				})
			}
		}
	}
}

// TestZipStrongLies: where the decryption header or what follows is not right, the member
// is there and said not to be whole.
func TestZipStrongLies(t *testing.T) {
	for at := range 400 {
		e := strongEntry(t, 8, archivetest.Payload, "infected", 32, true)
		if at >= len(e.raw) {
			break
		}
		e.raw[at] ^= 0xff
		for _, raw := range [][]byte{e.raw, e.raw[:at]} {
			e.raw = raw
			all := readWith(t, forge([]entry{e}, nil, ""), tryKeys("infected"))
			if len(all) == 0 || all[0].Data != archivetest.Payload && all[0].Err == nil && all[0].Fault == nil {
				t.Errorf("byte %d of %d: %+v", at, len(raw), all)
			}
		}
	}
}
