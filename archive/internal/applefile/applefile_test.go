package applefile

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// appleBytes is an AppleSingle or AppleDouble file.
func appleBytes(magic string, entries map[uint32]string) []byte {
	ids := []uint32{}
	for id := range entries {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	b := append([]byte(magic+"\x00\x02\x00\x00"), make([]byte, 16)...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(ids)))
	at := appleHead + appleEntry*len(ids)
	body := ""
	for _, id := range ids {
		b = binary.BigEndian.AppendUint32(b, id)
		b = binary.BigEndian.AppendUint32(b, uint32(at+len(body)))
		b = binary.BigEndian.AppendUint32(b, uint32(len(entries[id])))
		body += entries[id]
	}
	return append(b, body...)
}

// macBinaryBytes is a MacBinary file of version 2, or 1 without a checksum.
func macBinaryBytes(version int, name, data, resource string) []byte {
	h := make([]byte, 128)
	h[1] = byte(len(name))
	copy(h[2:], name)
	copy(h[65:], "APPLttxt")
	binary.BigEndian.PutUint32(h[83:], uint32(len(data)))
	binary.BigEndian.PutUint32(h[87:], uint32(len(resource)))
	if version == 2 {
		h[122], h[123] = 129, 129
		binary.BigEndian.PutUint16(h[124:], crc16XModem(h[:124]))
	}
	pad := func(s string) string { return s + strings.Repeat("\x00", (128-len(s)%128)%128) }
	return []byte(string(h) + pad(data) + pad(resource))
}

func TestAppleFile(t *testing.T) {
	blank := strings.Repeat("\x00", 40) + appleBlank + strings.Repeat("\x00", 200)
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"single":     {appleBytes(single, map[uint32]string{appleData: archivetest.Payload, appleName: "p.js", 9: strings.Repeat("f", 32)}), 1},
		"double":     {appleBytes(double, map[uint32]string{appleResource: archivetest.Payload, 9: strings.Repeat("f", 32)}), 1},
		"attributes": {appleBytes(double, map[uint32]string{9: strings.Repeat(archivetest.Payload, 10), appleResource: blank}), 1},
		"macbinary":  {macBinaryBytes(2, "p.js", archivetest.Payload, "a resource fork"), 2},
		"first":      {macBinaryBytes(1, "p.js", archivetest.Payload, ""), 1},
		"resource":   {macBinaryBytes(2, "p.js", "", archivetest.Payload), 1},
	} {
		all, r, err := archivetest.ReadAll(t, Format, c.data)
		if err != nil || len(all) != c.want || !archivetest.Holds(all) || len(archivetest.NoteNames(all, r)) > 0 {
			t.Errorf("%s: %d members, %v, %v", name, len(all), err, archivetest.NoteNames(all, r))
		}
		if !archivetest.Detects(c.data, Format) {
			t.Errorf("%s: not detected", name)
		}
	}
}

func TestAppleFileCut(t *testing.T) {
	data := appleBytes(single, map[uint32]string{appleData: archivetest.Payload})
	all, _, err := archivetest.ReadAll(t, Format, data[:len(data)-10])
	if err != nil || len(all) != 1 || !slices.Contains(all[0].Anomalies, anomaly.Truncated) {
		t.Errorf("%v, %v", all, err)
	}
}

func FuzzAppleFile(f *testing.F) {
	f.Add(appleBytes(single, map[uint32]string{appleData: archivetest.Payload, appleName: "p.js", appleResource: "r"}))
	f.Add(macBinaryBytes(2, "p.js", archivetest.Payload, "r"))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 1<<20) })
}

func samples() map[string]archivetest.Sample {
	return map[string]archivetest.Sample{"mac": {Format: Format, Data: macBinaryBytes(2, "p.js", archivetest.Payload, archivetest.Payload)}}
}

func TestAppleSourceFails(t *testing.T) { archivetest.SourceFails(t, samples()) }

func TestAppleByByte(t *testing.T) { archivetest.ByByte(t, samples()) }
