package ace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// The key and the blocks are those of acefile's description.
func TestCipher(t *testing.T) {
	if got, want := keyOf("123456789"), [5]uint32{3071200156, 3325860325, 4058316933, 1308772094, 896611998}; got != want {
		t.Errorf("key %v, want %v", got, want)
	}
	in := append(bytes.Repeat([]byte{0xff}, 8), bytes.Repeat([]byte{0xc7}, 8)...)
	got, err := io.ReadAll(newCipher("123456789").reader(bytes.NewReader(in)))
	if want := "\xb7wF@5.ereE\x05\xc4\xa5\x85)\xbc"; err != nil || string(got) != want {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
}

// encrypt fills a body up and encrypts it.
func encrypt(password, body string) string {
	c := newCipher(password)
	out := append([]byte(body), make([]byte, -len(body)&(blockBytes-1))...)
	var l, r uint32
	for b := out; len(b) > 0; b = b[blockBytes:] {
		l, r = c.encrypt(l^binary.LittleEndian.Uint32(b), r^binary.LittleEndian.Uint32(b[4:]))
		binary.LittleEndian.PutUint32(b, l)
		binary.LittleEndian.PutUint32(b[4:], r)
	}
	return string(out)
}

// readWith reads an archive under limits.
func readWith(t *testing.T, data []byte, l level.Limits) (all []archivetest.Got, err error) {
	t.Helper()
	r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), l)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		m, err := r.Next()
		if err != nil {
			return all, err
		}
		body, err := io.ReadAll(r)
		all = append(all, archivetest.Got{Member: m, Data: string(body), Fault: err})
	}
}

func TestPasswords(t *testing.T) {
	data := forge(
		forged{name: "a", body: solidBefore, packed: encrypt("infected", solidBefore), flags: flagPassword},
		forged{name: "b", body: archivetest.Payload, method: methodLZ77, packed: encrypt("infected", payloadSolid), flags: flagPassword | flagSolid})
	all, err := readWith(t, data, level.Limits{Keys: &level.Keys{Passwords: []string{"", "wrong", "infected"}, Work: 1 << 20}})
	if err != io.EOF || len(all) != 2 || all[0].Data != solidBefore || all[1].Data != archivetest.Payload || all[1].Password != "infected" || all[1].Fault != nil {
		t.Fatalf("%v\n%s", err, archivetest.Listing(all))
	}
	all, _ = readWith(t, data, level.Limits{Keys: &level.Keys{Passwords: []string{"infected"}, Work: keyWork}})
	if len(all) != 2 || !errors.Is(all[0].Err, level.ErrEncrypted) {
		t.Errorf("without work: %s", archivetest.Listing(all))
	}
}
