package magic

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPlausible(t *testing.T) {
	dos := "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff"
	odd := "MZ" + strings.Repeat("\xff", 0x3a) + "\x40\x00\x00\x00"
	for b, want := range map[string]bool{
		dos:                             true,
		odd + "PE\x00\x00":              true,
		odd + "NE\x00\x00":              true,
		odd + "XX\x00\x00":              false,
		odd[:0x3c] + "\x00\x10\x00\x00": true, // not reached
		odd[:0x3c] + "\x00\x10\x00\x70": false,
		"MZ\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": false,
		"BZh91AY&SY12":                             true,
		"BZh9\x17rE8P\x90\x00\x00":                 true,
		"BZhello world":                            false,
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03": true,
		"\x1f\x8b\x08\xff\x00\x00\x00\x00\x00\x03": false,
		"\x60\xea\x2b\x00\x22\x0b\x01\x0b\x00\x00": true,
		"\x60\xea\xff\xff\x22\x0b\x01\x0b\x00\x00": false,
		"PK\x03\x04":                               true,
		"%PDF-1.4\n1 0 obj":                        true,
	} {
		if got := Plausible([]byte(b), 1<<20); got != want {
			t.Errorf("%q: %v", b, got)
		}
	}
}

// Of texts in base64 with many lines none should pass for a program by chance.
func TestPlausibleByChance(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	b, passed := make([]byte, 1000), 0
	for range 20_000 {
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		for _, m := range [...]string{"MZ", "BZh", "\x60\xea"} {
			copy(b, m)
			if Plausible(b, 64<<20) {
				passed++
			}
		}
	}
	if passed > 1000 {
		t.Errorf("%d of 60000", passed)
	}
}
