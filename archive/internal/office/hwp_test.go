package office

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// hwpHead is a document's header.
func hwpHead(properties uint32) []byte {
	b := make([]byte, 256)
	copy(b, hwpSignature)
	binary.LittleEndian.PutUint32(b[32:], 0x05000300)
	binary.LittleEndian.PutUint32(b[36:], properties)
	return b
}

// hwpDocument is a document with one embedded file and a script.
func hwpDocument(properties uint32, embedded, script []byte) []byte {
	return cfbForge{files: []cfbFile{
		{hwpHeader, hwpHead(properties)},
		{"DocInfo", archivetest.Pack(8, archivetest.Text(2000))},
		{"BodyText|Section0", archivetest.Pack(8, archivetest.Text(9000))},
		{"BinData|BIN0001.eps", embedded},
		{"Scripts|DefaultJScript", script},
		{"PrvText", []byte(archivetest.Text(500))},
	}}.bytes()
}

// hwpDistributed encrypts a stream as documents for distribution have it.
func hwpDistributed(data string, seed uint32) []byte {
	key := []byte("5\x006\x00A\x00B\x007\x008\x00C\x00D\x00")
	b := make([]byte, hwpKeyBytes)
	binary.LittleEndian.PutUint32(b, seed)
	copy(b[4+seed&0xf:], key)
	rand, left, pad := hwpRand(seed), 0, byte(0)
	for i := range b {
		if left == 0 {
			pad = byte(rand.next())
			left = int(rand.next()&0xf) + 1
		}
		if left--; i >= 4 {
			b[i] ^= pad
		}
	}
	out := append(binary.LittleEndian.AppendUint32(nil, hwpDistribution|hwpKeyBytes<<20), b...)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	plain := []byte(data + strings.Repeat("\x00", -len(data)&15))
	for at := 0; at < len(plain); at += 16 {
		block.Encrypt(plain[at:], plain[at:])
	}
	return append(out, plain...)
}

func TestHWP(t *testing.T) {
	p := archivetest.Payload
	packed := archivetest.Pack(8, p)
	object := string(archivetest.Pack(8, "\x00\x10\x00\x00"+cfb.CfbMagic+p))
	for name, c := range map[string]struct {
		data  []byte
		class error // of a member
	}{
		"packed":              {hwpDocument(1, packed, nil), nil},
		"said not packed":     {hwpDocument(0, packed, nil), nil},
		"stored":              {hwpDocument(1, []byte(p), nil), nil},
		"script":              {hwpDocument(1, []byte("picture and nothing more"), packed), nil},
		"said encrypted":      {hwpDocument(1|hwpPassword, packed, nil), level.ErrEncrypted},
		"cut":                 {hwpDocument(1, packed[:len(packed)-1], nil), level.ErrMalformed},
		"object":              {hwpDocument(1, []byte(object), nil), nil},
		"distributed":         {hwpDocument(1|4, hwpDistributed(string(packed), 0x12345678), nil), nil},
		"distributed, stored": {hwpDocument(4, hwpDistributed(p, 7), nil), nil},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := archivetest.ReadAll(t, OLE, c.data)
			if err != nil || !archivetest.Holds(all) {
				t.Fatalf("%v\n%s", err, archivetest.Listing(all))
			}
			class := c.class == nil
			for _, g := range all {
				class = class || errors.Is(g.Fault, c.class)
				if c.class == nil && g.Fault != nil {
					t.Errorf("%q: %v", g.Names, g.Fault)
				}
			}
			if !class && name != "said encrypted" {
				t.Errorf("no %v\n%s", c.class, archivetest.Listing(all))
			}
			if name == "object" {
				found := false
				for _, g := range all {
					found = found || g.Data == cfb.CfbMagic+p
				}
				if !found {
					t.Error("no object")
				}
			}
		})
	}
}

// TestHWPEncrypted: what a password hides is in the list, and said to be encrypted.
func TestHWPEncrypted(t *testing.T) {
	noise := []byte(archivetest.Bodies()["noise"][:5000])
	noise[0] = 0xff // no block has that type
	all, _, err := archivetest.ReadAll(t, OLE, hwpDocument(1|hwpPassword, noise, nil))
	if g := archivetest.Find(all[1:], "BinData/BIN0001.eps"); err != nil || g == nil {
		t.Fatalf("%v\n%s", err, archivetest.Listing(all))
	}
	found := false
	for _, g := range all {
		found = found || errors.Is(g.Fault, level.ErrEncrypted) && g.Encrypted
	}
	if !found {
		t.Errorf("\n%s", archivetest.Listing(all))
	}
}

func TestHWPSourceFails(t *testing.T) {
	archivetest.SourceFails(t, map[string]archivetest.Sample{
		"packed":      {Format: OLE, Data: hwpDocument(1, archivetest.Pack(8, archivetest.Payload), nil)},
		"distributed": {Format: OLE, Data: hwpDocument(5, hwpDistributed(string(archivetest.Pack(8, archivetest.Payload)), 99), nil)},
	})
}

func FuzzHWP(f *testing.F) {
	packed := archivetest.Pack(8, archivetest.Payload)
	f.Add(uint32(1), packed, packed)
	f.Add(uint32(3), []byte(archivetest.Payload), hwpDistributed(archivetest.Payload, 5))
	f.Add(uint32(5), hwpDistributed(string(packed), 99), archivetest.Pack(8, "\x00\x10\x00\x00"+cfb.CfbMagic))
	f.Fuzz(func(t *testing.T, properties uint32, embedded, script []byte) {
		archivetest.FuzzRead(t, OLE, hwpDocument(properties, embedded, script), archivetest.DecoderBytes)
	})
}
