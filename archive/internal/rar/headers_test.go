package rar

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// hidden4 encrypts the headers of a plain archive of RAR 4, whose files are stored.
func hidden4(plain []byte, password string) []byte {
	salt := []byte("12345678")
	out := append(bytes.Clone(sigRar4), plain[7:20]...)
	out[7+3] |= rar4MainEncrypted
	seal4(out[7:])
	key := rar3Derive(utf16.Encode([]rune(password)), salt)
	for rest := plain[20:]; len(rest) > 0; {
		n := int(binary.LittleEndian.Uint16(rest[5:]))
		data := 0
		if rest[2] == rar4File {
			data = int(binary.LittleEndian.Uint32(rest[7:]))
		}
		head := append(bytes.Clone(rest[:n]), make([]byte, (16-n%16)%16)...)
		out = append(append(append(out, salt...), cbcEncrypt(key[:16], key[16:], head)...), rest[n:n+data]...)
		rest = rest[n+data:]
	}
	return out
}

// hidden5 does so for RAR 5, with or without the password's check value.
func hidden5(files []file, password string, check bool) []byte {
	salt := []byte("0123456789abcdef")
	c := &crypt{generation: 5, count: 3, salt: salt}
	keys := keys{Candidates: level.Candidates{Keys: &level.Keys{Work: 1 << 20}}}
	keys.derive(c, password)
	record := append([]byte{rar5Crypt, 0, 0, 0, 3}, salt...)
	if check {
		record[3] = 1
		value := rar5Derive(password, salt, 8)[64:]
		var folded [8]byte
		for i, b := range value {
			folded[i&7] ^= b
		}
		sum := sha256.Sum256(folded[:])
		record = append(append(record, folded[:]...), sum[:4]...)
	}
	out := append(bytes.Clone(sigRar5), seal5(record)...)
	hide := func(head []byte) {
		iv := []byte("abcdefghijklmnop")
		head = append(head, make([]byte, (16-len(head)%16)%16)...)
		out = append(append(out, iv...), cbcEncrypt(c.key, iv, head)...)
	}
	hide(seal5([]byte{rar5Main, 0, 0}))
	for _, f := range files {
		h := rar5Fields{kind: rar5File, flags: rar5HasData, packed: uint64(len(f.body)), declared: uint64(len(f.body)), name: f.name}
		hide(h.bytes())
		out = append(out, f.body...)
	}
	hide(seal5([]byte{rar5End, 0, 0}))
	return out
}

func TestRarHiddenHeaders(t *testing.T) {
	files := []file{{name: "a.txt", body: "first"}, {name: "p.js", body: archivetest.Payload}}
	for name, data := range map[string][]byte{
		"4": hidden4(forgeRar4(files, true), "sécret"),
		"5": hidden5(files, "sécret", false), "5-check": hidden5(files, "sécret", true),
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				keys *level.Keys
				ok   bool
			}{{nil, false}, {&level.Keys{Passwords: []string{"wrong"}, Work: 1 << 30}, false}, {&level.Keys{Passwords: []string{"sécret"}, Work: 1}, false}, {&level.Keys{Passwords: []string{"wrong", "sécret"}, Work: 1 << 30}, true}} {
				r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: c.keys})
				if err != nil {
					t.Fatal(err)
				}
				m, err := r.Next()
				if !c.ok {
					if !errors.Is(err, level.ErrEncrypted) {
						t.Errorf("keys %+v: %v, %v", c.keys, m, err)
					}
					continue
				}
				if err != nil || m.Names[0] != "a.txt" || readString(r) != "first" {
					t.Fatalf("%+v, %v", m, err)
				}
				if m, err = r.Next(); err != nil || m.Names[0] != "p.js" || readString(r) != archivetest.Payload {
					t.Errorf("%+v, %v", m, err)
				}
				if len(r.Anomalies()) > 0 {
					t.Errorf("anomalies %v", r.Anomalies())
				}
			}
		})
	}
}
