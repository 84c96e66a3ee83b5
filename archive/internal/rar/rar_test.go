package rar

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// file is a file of a forged RAR archive: stored, if raw is not given.
type file struct {
	name  string
	body  string
	raw   []byte
	edit4 func(h []byte) []byte // before the checksum is set
	edit5 func(f *rar5Fields)
}

// rar5Fields are the fields of a file header of RAR 5.
type rar5Fields struct {
	kind, flags, packed, fileFlags, declared, compression uint64
	crc                                                   uint32
	extra                                                 []byte
	name                                                  string
	badCRC                                                bool
}

func (f file) packed() []byte {
	if f.raw != nil {
		return f.raw
	}
	return []byte(f.body)
}

// forgeRar4 writes an archive of RAR 4.
func forgeRar4(files []file, end bool) []byte {
	out := append(bytes.Clone(sigRar4), seal4([]byte{0, 0, rar4Main, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0})...)
	for _, f := range files {
		raw := f.packed()
		h := []byte{0, 0, rar4File, 0, 0x80, 0, 0}
		h = binary.LittleEndian.AppendUint32(h, uint32(len(raw)))
		h = binary.LittleEndian.AppendUint32(h, uint32(len(f.body)))
		h = append(h, 2)
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(f.body)))
		h = append(h, 0, 0, 0, 0, 29, 0x30)
		h = binary.LittleEndian.AppendUint16(h, uint16(len(f.name)))
		h = append(h, 0x20, 0, 0, 0)
		h = append(h, f.name...)
		binary.LittleEndian.PutUint16(h[5:], uint16(len(h)))
		if f.edit4 != nil {
			h = f.edit4(h)
		}
		out = append(append(out, seal4(h)...), raw...)
	}
	if end {
		out = append(out, seal4([]byte{0, 0, rar4End, 0, 0x40, 7, 0})...)
	}
	return out
}

// forgeRar5 writes an archive of RAR 5.
func forgeRar5(files []file, end bool) []byte {
	out := append(bytes.Clone(sigRar5), seal5([]byte{rar5Main, 0, 0})...)
	for _, f := range files {
		raw := f.packed()
		h := rar5Fields{kind: rar5File, flags: rar5HasData, packed: uint64(len(raw)), fileFlags: rar5HasCRC,
			declared: uint64(len(f.body)), crc: crc32.ChecksumIEEE([]byte(f.body)), name: f.name}
		if f.raw != nil {
			h.compression = 3 << 7
		}
		if f.edit5 != nil {
			f.edit5(&h)
		}
		out = append(append(out, h.bytes()...), raw...)
	}
	if end {
		out = append(out, seal5([]byte{rar5End, 0, 0})...)
	}
	return out
}

func (h rar5Fields) bytes() []byte {
	var b []byte
	if len(h.extra) > 0 {
		h.flags |= rar5HasExtra
	}
	b = appendUvarint(b, h.kind)
	b = appendUvarint(b, h.flags)
	if len(h.extra) > 0 {
		b = appendUvarint(b, uint64(len(h.extra)))
	}
	b = appendUvarint(b, h.packed)
	b = appendUvarint(b, h.fileFlags)
	b = appendUvarint(b, h.declared)
	b = append(b, 0)
	if h.fileFlags&rar5HasCRC != 0 {
		b = binary.LittleEndian.AppendUint32(b, h.crc)
	}
	b = appendUvarint(b, h.compression)
	b = append(b, 1)
	b = appendUvarint(b, uint64(len(h.name)))
	b = append(append(b, h.name...), h.extra...)
	b = seal5(b)
	if h.badCRC {
		b[0] ^= 0xff
	}
	return b
}

// rar5Literals packs a body into one block of RAR 5 without matches: all
// literals have codes of nine bits.
func rar5Literals(body string) []byte {
	var w archivetest.BitWriter
	for i := range 20 { // lengths of the codes for lengths: 9 has one bit, 0 has the other
		n := uint64(0)
		if i == 9 || i == 0 {
			n = 1
		}
		w.Put(n, 4)
	}
	for i := range 306 + 64 + 16 + 44 {
		if i < 256 {
			w.Put(1, 1)
		} else {
			w.Put(0, 1)
		}
	}
	for _, c := range []byte(body) {
		w.Put(uint64(c), 9)
	}
	bits := len(w.Out)*8 + w.Bits
	data := w.Flush()
	last := (bits-1)%8 + 1
	flags := byte(0x80 | 0x40 | 2<<3 | (last - 1))
	n := len(data)
	h := []byte{flags, 0, byte(n), byte(n >> 8), byte(n >> 16)}
	h[1] = 0x5a ^ h[0] ^ h[2] ^ h[3] ^ h[4]
	return append(h, data...)
}

func TestRarPlain(t *testing.T) {
	files := []file{{name: "a.txt", body: "first"}, {name: "d/p.js", body: archivetest.Payload}, {name: "empty"}}
	packed := []file{{name: "a.txt", body: "first", raw: rar5Literals("first")}, {name: "d/p.js", body: archivetest.Payload, raw: rar5Literals(archivetest.Payload)}, {name: "empty"}}
	solid := slices.Clone(packed)
	solid[1].edit5 = func(f *rar5Fields) { f.compression |= 0x40 }
	for name, data := range map[string][]byte{
		"4": forgeRar4(files, true), "4-no-end": forgeRar4(files, false),
		"5": forgeRar5(files, true), "5-packed": forgeRar5(packed, true), "5-solid": forgeRar5(solid, true),
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil || len(all) != len(files) {
				t.Fatalf("%d members, %v", len(all), err)
			}
			for i, g := range all {
				if g.Fault != nil || g.Data != files[i].body || g.Names[0] != files[i].name {
					t.Errorf("member %d: %q %q %v", i, g.Names, g.Data, g.Fault)
				}
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies of a plain archive: %v", n)
			}
			if !archivetest.Detects(data, Format) {
				t.Error("not detected")
			}
		})
	}
}

// forgedRars are archives in which some reader finds the marker.
func forgedRars() map[string]archivetest.Forged {
	p, o := file{name: "p.js", body: archivetest.Payload}, file{name: "o.txt", body: "harmless"}
	raw := file{name: "p.js", body: archivetest.Payload, raw: rar5Literals(archivetest.Payload)}
	with4 := func(f file, edit func([]byte)) file {
		f.edit4 = func(h []byte) []byte { edit(h); return h }
		return f
	}
	with5 := func(f file, edit func(*rar5Fields)) file { f.edit5 = edit; return f }
	plain4, plain5 := forgeRar4([]file{p}, true), forgeRar5([]file{p}, true)
	broken4 := forgeRar4([]file{o, p}, true)
	broken4[20+5]++ // the first file's size of header
	badCRC := forgeRar4([]file{p}, true)
	badCRC[20] ^= 1
	stub := "MZ a stub, Rar!\x1a\x07\x00 and Rar!\x1a\x07\x01\x00 in its code"
	return map[string]archivetest.Forged{
		"4-stub":          {Data: append([]byte(stub), plain4...), Anomaly: anomaly.Prepended},
		"5-stub":          {Data: append([]byte(stub), plain5...), Anomaly: anomaly.Prepended},
		"4-appended":      {Data: append(bytes.Clone(plain4), "junk"...), Anomaly: anomaly.Appended},
		"5-appended":      {Data: append(bytes.Clone(plain5), "junk"...), Anomaly: anomaly.Appended},
		"4-behind-end":    {Data: append(forgeRar4([]file{o}, true), plain4...), Anomaly: ""},
		"45-behind-end":   {Data: append(append(forgeRar4([]file{o}, true), "junk"...), plain5...), Anomaly: anomaly.Gap},
		"54-behind-end":   {Data: append(append(forgeRar5([]file{o}, true), "junk"...), plain4...), Anomaly: anomaly.Gap},
		"4-file-behind":   {Data: append(forgeRar4([]file{o}, true), plain4[20:]...), Anomaly: ""},
		"5-file-behind":   {Data: append(forgeRar5([]file{o}, true), plain5[16:]...), Anomaly: ""},
		"4-damaged":       {Data: broken4, Anomaly: ""},
		"4-header-crc":    {Data: badCRC, Anomaly: anomaly.HeaderCRC},
		"5-header-crc":    {Data: forgeRar5([]file{with5(p, func(f *rar5Fields) { f.badCRC = true })}, true), Anomaly: anomaly.HeaderCRC},
		"4-crc":           {Data: forgeRar4([]file{with4(p, func(h []byte) { h[16]++ })}, true), Anomaly: anomaly.CRC},
		"5-crc":           {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.crc++ })}, true), Anomaly: anomaly.CRC},
		"4-size-small":    {Data: forgeRar4([]file{with4(p, func(h []byte) { binary.LittleEndian.PutUint32(h[11:], 3) })}, true), Anomaly: anomaly.Size},
		"4-size-large":    {Data: forgeRar4([]file{with4(p, func(h []byte) { binary.LittleEndian.PutUint32(h[11:], 1<<31) })}, true), Anomaly: anomaly.Size},
		"5-size-small":    {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.declared = 3 })}, true), Anomaly: anomaly.Size},
		"5-size-large":    {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.declared = 1 << 40 })}, true), Anomaly: anomaly.Size},
		"5-size-unknown":  {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.fileFlags |= rar5UnknownSize; f.declared = 0 })}, true), Anomaly: ""},
		"4-dir-data":      {Data: forgeRar4([]file{with4(p, func(h []byte) { h[3] |= 0xe0 })}, true), Anomaly: anomaly.DirData},
		"5-dir-data":      {Data: forgeRar5([]file{with5(p, func(f *rar5Fields) { f.fileFlags |= rar5Dir })}, true), Anomaly: anomaly.DirData},
		"4-split-after":   {Data: forgeRar4([]file{with4(p, func(h []byte) { h[3] |= rar4SplitAfter })}, true), Anomaly: ""},
		"5-split-before":  {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.flags |= rar5SplitBefore })}, true), Anomaly: ""},
		"5-solid-first":   {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.compression |= 0x40 })}, true), Anomaly: ""},
		"5-packed-huge":   {Data: forgeRar5([]file{with5(p, func(f *rar5Fields) { f.packed = 1 << 62 })}, true), Anomaly: anomaly.Truncated},
		"5-comment":       {Data: forgeRar5([]file{{name: "CMT", body: archivetest.Payload, edit5: func(f *rar5Fields) { f.kind = rar5Service }}}, true), Anomaly: ""},
		"5-stream":        {Data: forgeRar5([]file{o, {name: "STM", body: archivetest.Payload, edit5: func(f *rar5Fields) { f.kind = rar5Service; f.extra = []byte("\x08\x07:p.js\x00") }}}, true), Anomaly: ""},
		"5-service":       {Data: forgeRar5([]file{{name: "XYZ", body: archivetest.Payload, edit5: func(f *rar5Fields) { f.kind = rar5Service }}}, true), Anomaly: ""},
		"5-dictionary-4G": {Data: forgeRar5([]file{with5(raw, func(f *rar5Fields) { f.compression |= 15 << 10 })}, true), Anomaly: ""},
	}
}

func TestRarForged(t *testing.T) { archivetest.FindForged(t, Format, forgedRars()) }

func TestRarTruncated(t *testing.T) {
	files := []file{{name: "p.js", body: archivetest.Payload}}
	for _, whole := range [][]byte{forgeRar4(files, true), forgeRar5(files, true)} {
		all, r, err := archivetest.ReadAll(t, Format, whole[:len(whole)-9])
		if err != nil || len(all) != 1 || !strings.HasPrefix(archivetest.Payload, all[0].Data) || !errors.Is(all[0].Fault, level.ErrMalformed) {
			t.Fatalf("%v %s", err, archivetest.Listing(all))
		}
		if n := archivetest.NoteNames(all, r); !slices.Contains(n, anomaly.Truncated) {
			t.Errorf("anomalies %v", n)
		}
	}
}

func TestRarSplit(t *testing.T) {
	cut := forgeRar5([]file{
		{name: "cut", body: archivetest.Payload, raw: []byte(archivetest.Payload[:50]), edit5: func(f *rar5Fields) { f.flags |= rar5SplitBefore; f.compression = 0 }},
		{name: "whole", body: archivetest.Payload},
	}, true)
	all, _, err := archivetest.ReadAll(t, Format, cut)
	if err != nil || len(all) != 2 || !errors.Is(all[0].Fault, level.ErrUnsupported) || all[1].Data != archivetest.Payload {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestRarDictionary(t *testing.T) {
	raw := rar5Literals("x")
	data := forgeRar5([]file{
		{name: "huge", body: "x", raw: raw, edit5: func(f *rar5Fields) { f.compression |= 1 | 31<<10; f.declared = 1 << 41 }},
		{name: "behind", body: "x", raw: raw, edit5: func(f *rar5Fields) { f.compression |= 0x40 }},
		{name: "fine", body: "x", raw: raw},
	}, true)
	all, _, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	if !errors.Is(all[0].Fault, level.ErrLimit) || !errors.Is(all[1].Fault, level.ErrLimit) || all[2].Data != "x" || all[2].Fault != nil {
		t.Errorf("%v, %v, %q %v", all[0].Fault, all[1].Fault, all[2].Data, all[2].Fault)
	}
}

// encrypted4 is a stored member of RAR 4 with a password.
func encrypted4(body, password string) file {
	salt := []byte("saltsalt")
	out := rar3Derive(utf16.Encode([]rune(password)), salt)
	plain := []byte(body)
	for len(plain)%16 != 0 {
		plain = append(plain, 0)
	}
	raw := cbcEncrypt(out[:16], out[16:], plain)
	return file{name: "p.js", body: body, raw: raw, edit4: func(h []byte) []byte {
		h[3] |= rar4Encrypted
		h[4] |= rar4Salt >> 8
		h = append(h, salt...)
		binary.LittleEndian.PutUint16(h[5:], uint16(len(h)))
		return h
	}}
}

func cbcEncrypt(key, iv, plain []byte) []byte {
	block, _ := aes.NewCipher(key)
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, plain)
	return out
}

func encrypted5(body, password string, mac, check bool) file {
	salt, iv := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	c := &crypt{generation: 5, count: 4, salt: salt, mac: mac}
	(&keys{Candidates: level.Candidates{Keys: &level.Keys{Work: 1 << 20}}}).derive(c, password)
	plain := []byte(body)
	for len(plain)%16 != 0 {
		plain = append(plain, 0)
	}
	raw := cbcEncrypt(c.key, iv, plain)
	return file{name: "p.js", body: body, raw: raw, edit5: func(f *rar5Fields) {
		f.compression = 0
		rec := []byte{rar5RecordCrypt, 0, 0, 4}
		if mac {
			rec[2] |= 2
			f.crc = c.sum(f.crc)
		}
		rec = append(append(rec, salt...), iv...)
		f.extra = append(appendUvarint(nil, uint64(len(rec))), rec...)
	}}
}

func TestRarPasswords(t *testing.T) {
	for name, data := range map[string][]byte{
		"4":     forgeRar4([]file{encrypted4(archivetest.Payload, "sécret"), {name: "plain", body: "x"}}, true),
		"5":     forgeRar5([]file{encrypted5(archivetest.Payload, "sécret", false, false), {name: "plain", body: "x"}}, true),
		"5-mac": forgeRar5([]file{encrypted5(archivetest.Payload, "sécret", true, false), {name: "plain", body: "x"}}, true),
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				keys *level.Keys
				ok   bool
			}{{nil, false}, {&level.Keys{Passwords: []string{"wrong", "sécret"}, Work: 10}, false},
				{&level.Keys{Passwords: []string{"wrong"}, Work: 1 << 30}, false}, {&level.Keys{Passwords: []string{"wrong", "sécret"}, Work: 1 << 30}, true}} {
				r, err := level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: c.keys})
				if err != nil {
					t.Fatal(err)
				}
				m, err := r.Next()
				if err != nil || !m.Encrypted || m.Names[0] != "p.js" {
					t.Fatal(m, err)
				}
				if !c.ok {
					if !errors.Is(m.Err, level.ErrEncrypted) {
						t.Errorf("keys %+v: err %v", c.keys, m.Err)
					}
					continue
				}
				var got strings.Builder
				if _, err := fmt.Fprint(&got, readString(r)); err != nil || got.String() != archivetest.Payload || m.Password != "sécret" {
					t.Errorf("got %q, password %q, %v", got.String(), m.Password, m.Err)
				}
			}
		})
	}
}

func readString(r *level.Reader) string {
	var b bytes.Buffer
	b.ReadFrom(r)
	return b.String()
}

// packed15 is a file of RAR 1.5, which unpackers of the field decode to the same.
func packed15(t testing.TB, edit func(h []byte)) file {
	t.Helper()
	raw, err := hex.DecodeString("524cbce0c027ce9145239c6bfc22064c05f54a6640b5c204c0")
	if err != nil {
		t.Fatal(err)
	}
	body, err := hex.DecodeString("052143214321432143214321432143212143212121430402432143212121432143040243214321212143214346324321432121214321430402432a2143214346324321432121214321")
	if err != nil {
		t.Fatal(err)
	}
	return file{name: "old", body: string(body), raw: raw, edit4: func(h []byte) []byte {
		h[24], h[25] = 15, 0x33
		if edit != nil {
			edit(h)
		}
		return h
	}}
}

func TestRar15(t *testing.T) {
	f := packed15(t, nil)
	noSize := packed15(t, func(h []byte) { copy(h[11:], "\xff\xff\xff\xff") })
	plain := forgeRar4([]file{f, f, noSize}, true)
	solid := bytes.Clone(plain)
	solid[7+3] |= rar4MainSolid
	seal4(solid[7 : 7+13])
	for name, data := range map[string][]byte{"plain": plain, "solid": solid} {
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 3 {
			t.Fatalf("%s: %d members, %v", name, len(all), err)
		}
		for i, g := range all {
			// The second file of a solid archive goes on with the codes of the first. One
			// without a size has bytes of padding, too.
			right := strings.HasPrefix(g.Data, f.body) && (g.Fault == nil || i == 2)
			if g.Method != "rar-15" || right != (name == "plain" || i == 0) {
				t.Errorf("%s, %d: %s, %x, %v", name, i, g.Method, g.Data, g.Fault)
			}
		}
	}
}

// RAR 1.3 has the same packer, and other headers.
func TestRar13Packed(t *testing.T) {
	f := packed15(t, nil)
	le := binary.LittleEndian
	sum := uint16(0)
	for _, c := range []byte(f.body) {
		sum += uint16(c)
		sum = sum<<1 | sum>>15
	}
	data := append([]byte("RE~^"), 7, 0, 0)
	data = le.AppendUint32(data, uint32(len(f.raw)))
	data = le.AppendUint32(data, uint32(len(f.body)))
	data = le.AppendUint16(le.AppendUint16(data, sum), uint16(21+len(f.name)))
	data = append(data, 0, 0, 0x21, 0x50, 0x20, 0, 2, byte(len(f.name)), 3)
	data = append(append(data, f.name...), f.raw...)
	all, _, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 1 || all[0].Data != f.body || all[0].Fault != nil {
		t.Errorf("%d members, %v: %s", len(all), err, archivetest.Listing(all))
	}
}

func FuzzRar(f *testing.F) {
	f.Add(forgeRar4([]file{packed15(f, nil), packed15(f, nil)}, true))
	for _, c := range forgedRars() {
		f.Add(c.Data)
	}
	f.Add(forgeRar4([]file{encrypted4(archivetest.Payload, "p")}, true))
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzReadLimits(t, Format, data, 64<<20+64<<10*uint64(len(data)), level.Limits{Members: archivetest.FuzzMembers, Dictionary: 1 << 20, Keys: &level.Keys{Passwords: []string{"p"}, Work: 1 << 10}})
	})
}

func seal5(fields []byte) []byte {
	h := binary.LittleEndian.AppendUint32(nil, 0)
	h = appendUvarint(h, uint64(len(fields)))
	h = append(h, fields...)
	binary.LittleEndian.PutUint32(h, crc32.ChecksumIEEE(h[4:]))
	return h
}

func appendUvarint(b []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// TestRarBombs: many members each claim much memory and hold nothing. The memory is one
// dictionary, which is not cleared for each.
func TestRarBombs(t *testing.T) {
	raw := rar5Literals("x")
	var rars []file
	for i := range 3000 {
		rars = append(rars, file{name: fmt.Sprint(i), body: "x", raw: raw, edit5: func(f *rar5Fields) { f.compression |= 9 << 10; f.declared = 64 << 20 }})
	}
	archivetest.Bomb(t, Format, forgeRar5(rars, true), false)
}
