package installshield

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// fileBytes is one file of a setup.
func fileBytes(name, data string, flags uint32, compress bool) string {
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
	copy(h, magic)
	binary.LittleEndian.PutUint16(h[len(magic):], uint16(count))
	return []byte(lead + string(h) + strings.Join(files, ""))
}

func TestInstallShield(t *testing.T) {
	big := string(archivetest.PayloadOf(20_000))
	data := shieldBytes("NB10 debugging data", 4,
		fileBytes("plain.txt", archivetest.Payload, 0, false), fileBytes("packed setup.exe", big, 6, true),
		fileBytes("coded.ini", big, 6, false), fileBytes("one-key.ini", big, 2, false))
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 4 || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	for name, want := range map[string]string{"plain.txt": archivetest.Payload, "packed setup.exe": big, "coded.ini": big, "one-key.ini": big} {
		if g := archivetest.Find(all, name); g == nil || g.Data != want || g.Fault != nil {
			t.Errorf("%s: not the same", name)
		}
	}
	if !archivetest.Detects(data, Format) {
		t.Error("not detected")
	}
}

func TestInstallShieldCut(t *testing.T) {
	whole := shieldBytes("", 100, fileBytes("a.txt", archivetest.Payload, 0, false), fileBytes("b.txt", archivetest.Payload, 6, true))
	all, r, err := archivetest.ReadAll(t, Format, whole[:len(whole)-20])
	if err != nil || len(all) != 2 || !errors.Is(all[1].Fault, level.ErrMalformed) || !slices.Contains(archivetest.NoteNames(all, r), anomaly.Truncated) {
		t.Errorf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
}

func FuzzInstallShield(f *testing.F) {
	f.Add(shieldBytes("x", 2, fileBytes("a.txt", archivetest.Payload, 0, false), fileBytes("b.txt", archivetest.Payload, 6, true)))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, archivetest.DecoderBytes) })
}
