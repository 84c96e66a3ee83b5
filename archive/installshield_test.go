package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
)

// shieldFileBytes is one file of a setup.
func shieldFileBytes(name, data string, flags uint32, compress bool) string {
	if compress {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write([]byte(data))
		w.Close()
		data = b.String()
	}
	body := []byte(data)
	if flags != 0 {
		for i, c := range body {
			k := i
			if flags&shieldBlocks != 0 {
				k %= 1024
			}
			c = ^c ^ name[k%len(name)] ^ shieldKey[k%len(name)%4]
			body[i] = c<<4 | c>>4
		}
	}
	h := make([]byte, shieldEntry)
	copy(h, name)
	binary.LittleEndian.PutUint32(h[shieldName:], flags)
	binary.LittleEndian.PutUint32(h[shieldName+8:], uint32(len(body)))
	return string(h) + string(body)
}

func shieldBytes(lead string, count int, files ...string) []byte {
	h := make([]byte, shieldHead)
	copy(h, shieldMagic)
	binary.LittleEndian.PutUint16(h[len(shieldMagic):], uint16(count))
	return []byte(lead + string(h) + strings.Join(files, ""))
}

func TestInstallShield(t *testing.T) {
	big := string(payloadOf(20_000))
	data := shieldBytes("NB10 debugging data", 4,
		shieldFileBytes("plain.txt", payload, 0, false), shieldFileBytes("packed setup.exe", big, 6, true),
		shieldFileBytes("coded.ini", big, 6, false), shieldFileBytes("one-key.ini", big, 2, false))
	all, r, err := readAll(t, InstallShield, data)
	if err != nil || len(all) != 4 || len(noteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, noteNames(all, r))
	}
	for name, want := range map[string]string{"plain.txt": payload, "packed setup.exe": big, "coded.ini": big, "one-key.ini": big} {
		if g := find(all, name); g == nil || g.data != want || g.err != nil {
			t.Errorf("%s: not the same", name)
		}
	}
	if formats := Detect(bytes.NewReader(data), int64(len(data))); !slices.Contains(formats, InstallShield) {
		t.Errorf("detected: %v", formats)
	}
}

func TestInstallShieldCut(t *testing.T) {
	whole := shieldBytes("", 100, shieldFileBytes("a.txt", payload, 0, false), shieldFileBytes("b.txt", payload, 6, true))
	all, r, err := readAll(t, InstallShield, whole[:len(whole)-20])
	if err != nil || len(all) != 2 || !errors.Is(all[1].err, ErrMalformed) || !slices.Contains(noteNames(all, r), AnomalyTruncated) {
		t.Errorf("%d members, %v, %v", len(all), err, noteNames(all, r))
	}
}

func FuzzInstallShield(f *testing.F) {
	f.Add(shieldBytes("x", 2, shieldFileBytes("a.txt", payload, 0, false), shieldFileBytes("b.txt", payload, 6, true)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, InstallShield, data, oleDecoder) })
}
