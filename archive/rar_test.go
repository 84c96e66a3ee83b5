package archive

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// rarFile is a file of a forged RAR archive: stored, if raw is not given.
type rarFile struct {
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

func (f rarFile) packed() []byte {
	if f.raw != nil {
		return f.raw
	}
	return []byte(f.body)
}

// forgeRar4 writes an archive of RAR 4.
func forgeRar4(files []rarFile, end bool) []byte {
	out := append(bytes.Clone(sigRar4), seal4([]byte{0, 0, rar4Main, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0})...)
	for _, f := range files {
		raw := f.packed()
		h := []byte{0, 0, rar4File, 0, 0x80, 0, 0}
		h = le.AppendUint32(h, uint32(len(raw)))
		h = le.AppendUint32(h, uint32(len(f.body)))
		h = append(h, 2)
		h = le.AppendUint32(h, crc32.ChecksumIEEE([]byte(f.body)))
		h = append(h, 0, 0, 0, 0, 29, 0x30)
		h = le.AppendUint16(h, uint16(len(f.name)))
		h = append(h, 0x20, 0, 0, 0)
		h = append(h, f.name...)
		le.PutUint16(h[5:], uint16(len(h)))
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
func forgeRar5(files []rarFile, end bool) []byte {
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
		b = le.AppendUint32(b, h.crc)
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

// bitWriter writes the highest bit first.
type bitWriter struct {
	out  []byte
	acc  uint64
	bits int
}

func (w *bitWriter) put(v uint64, n int) {
	for n--; n >= 0; n-- {
		w.acc = w.acc<<1 | v>>n&1
		if w.bits++; w.bits == 8 {
			w.out = append(w.out, byte(w.acc))
			w.acc, w.bits = 0, 0
		}
	}
}

func (w *bitWriter) flush() []byte {
	for w.bits != 0 {
		w.put(0, 1)
	}
	return w.out
}

// rar5Literals packs a body into one block of RAR 5 without matches: all
// literals have codes of nine bits.
func rar5Literals(body string) []byte {
	var w bitWriter
	for i := range 20 { // lengths of the codes for lengths: 9 has one bit, 0 has the other
		n := uint64(0)
		if i == 9 || i == 0 {
			n = 1
		}
		w.put(n, 4)
	}
	for i := range 306 + 64 + 16 + 44 {
		if i < 256 {
			w.put(1, 1)
		} else {
			w.put(0, 1)
		}
	}
	for _, c := range []byte(body) {
		w.put(uint64(c), 9)
	}
	bits := len(w.out)*8 + w.bits
	data := w.flush()
	last := (bits-1)%8 + 1
	flags := byte(0x80 | 0x40 | 2<<3 | (last - 1))
	n := len(data)
	h := []byte{flags, 0, byte(n), byte(n >> 8), byte(n >> 16)}
	h[1] = 0x5a ^ h[0] ^ h[2] ^ h[3] ^ h[4]
	return append(h, data...)
}

func TestRarPlain(t *testing.T) {
	files := []rarFile{{name: "a.txt", body: "first"}, {name: "d/p.js", body: payload}, {name: "empty"}}
	packed := []rarFile{{name: "a.txt", body: "first", raw: rar5Literals("first")}, {name: "d/p.js", body: payload, raw: rar5Literals(payload)}, {name: "empty"}}
	solid := slices.Clone(packed)
	solid[1].edit5 = func(f *rar5Fields) { f.compression |= 0x40 }
	for name, data := range map[string][]byte{
		"4": forgeRar4(files, true), "4-no-end": forgeRar4(files, false),
		"5": forgeRar5(files, true), "5-packed": forgeRar5(packed, true), "5-solid": forgeRar5(solid, true),
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Rar, data)
			if err != nil || len(all) != len(files) {
				t.Fatalf("%d members, %v", len(all), err)
			}
			for i, g := range all {
				if g.err != nil || g.data != files[i].body || g.Names[0] != files[i].name {
					t.Errorf("member %d: %q %q %v", i, g.Names, g.data, g.err)
				}
			}
			if n := noteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies of a plain archive: %v", n)
			}
			if f := Detect(bytes.NewReader(data), int64(len(data))); !slices.Equal(f, []Format{Rar}) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

// forgedRars are archives in which some reader finds the marker.
func forgedRars() map[string]forgedRar {
	p, o := rarFile{name: "p.js", body: payload}, rarFile{name: "o.txt", body: "harmless"}
	raw := rarFile{name: "p.js", body: payload, raw: rar5Literals(payload)}
	with4 := func(f rarFile, edit func([]byte)) rarFile {
		f.edit4 = func(h []byte) []byte { edit(h); return h }
		return f
	}
	with5 := func(f rarFile, edit func(*rar5Fields)) rarFile { f.edit5 = edit; return f }
	plain4, plain5 := forgeRar4([]rarFile{p}, true), forgeRar5([]rarFile{p}, true)
	broken4 := forgeRar4([]rarFile{o, p}, true)
	broken4[20+5]++ // the first file's size of header
	badCRC := forgeRar4([]rarFile{p}, true)
	badCRC[20] ^= 1
	stub := "MZ a stub, Rar!\x1a\x07\x00 and Rar!\x1a\x07\x01\x00 in its code"
	return map[string]forgedRar{
		"4-stub":          {append([]byte(stub), plain4...), AnomalyPrepended},
		"5-stub":          {append([]byte(stub), plain5...), AnomalyPrepended},
		"4-appended":      {append(bytes.Clone(plain4), "junk"...), AnomalyAppended},
		"5-appended":      {append(bytes.Clone(plain5), "junk"...), AnomalyAppended},
		"4-behind-end":    {append(forgeRar4([]rarFile{o}, true), plain4...), ""},
		"45-behind-end":   {append(append(forgeRar4([]rarFile{o}, true), "junk"...), plain5...), AnomalyGap},
		"54-behind-end":   {append(append(forgeRar5([]rarFile{o}, true), "junk"...), plain4...), AnomalyGap},
		"4-file-behind":   {append(forgeRar4([]rarFile{o}, true), plain4[20:]...), ""},
		"5-file-behind":   {append(forgeRar5([]rarFile{o}, true), plain5[16:]...), ""},
		"4-damaged":       {broken4, ""},
		"4-header-crc":    {badCRC, AnomalyHeaderCRC},
		"5-header-crc":    {forgeRar5([]rarFile{with5(p, func(f *rar5Fields) { f.badCRC = true })}, true), AnomalyHeaderCRC},
		"4-crc":           {forgeRar4([]rarFile{with4(p, func(h []byte) { h[16]++ })}, true), AnomalyCRC},
		"5-crc":           {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.crc++ })}, true), AnomalyCRC},
		"4-size-small":    {forgeRar4([]rarFile{with4(p, func(h []byte) { le.PutUint32(h[11:], 3) })}, true), AnomalySize},
		"4-size-large":    {forgeRar4([]rarFile{with4(p, func(h []byte) { le.PutUint32(h[11:], 1<<31) })}, true), AnomalySize},
		"5-size-small":    {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.declared = 3 })}, true), AnomalySize},
		"5-size-large":    {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.declared = 1 << 40 })}, true), AnomalySize},
		"5-size-unknown":  {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.fileFlags |= rar5UnknownSize; f.declared = 0 })}, true), ""},
		"4-dir-data":      {forgeRar4([]rarFile{with4(p, func(h []byte) { h[3] |= 0xe0 })}, true), AnomalyDirData},
		"5-dir-data":      {forgeRar5([]rarFile{with5(p, func(f *rar5Fields) { f.fileFlags |= rar5Dir })}, true), AnomalyDirData},
		"4-split-after":   {forgeRar4([]rarFile{with4(p, func(h []byte) { h[3] |= rar4SplitAfter })}, true), ""},
		"5-split-before":  {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.flags |= rar5SplitBefore })}, true), ""},
		"5-solid-first":   {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.compression |= 0x40 })}, true), ""},
		"4-truncated":     {plain4[:len(plain4)-9], AnomalyTruncated},
		"5-truncated":     {plain5[:len(plain5)-9], AnomalyTruncated},
		"5-packed-huge":   {forgeRar5([]rarFile{with5(p, func(f *rar5Fields) { f.packed = 1 << 62 })}, true), AnomalyTruncated},
		"5-comment":       {forgeRar5([]rarFile{{name: "CMT", body: payload, edit5: func(f *rar5Fields) { f.kind = rar5Service }}}, true), ""},
		"5-stream":        {forgeRar5([]rarFile{o, {name: "STM", body: payload, edit5: func(f *rar5Fields) { f.kind = rar5Service; f.extra = []byte("\x08\x07:p.js\x00") }}}, true), ""},
		"5-service":       {forgeRar5([]rarFile{{name: "XYZ", body: payload, edit5: func(f *rar5Fields) { f.kind = rar5Service }}}, true), ""},
		"5-dictionary-4G": {forgeRar5([]rarFile{with5(raw, func(f *rar5Fields) { f.compression |= 15 << 10 })}, true), ""},
	}
}

type forgedRar struct {
	data    []byte
	anomaly string
}

func TestRarForged(t *testing.T) {
	for name, c := range forgedRars() {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Rar, c.data)
			if err != nil {
				t.Fatal(err)
			}
			found := holds(all)
			if name == "4-truncated" || name == "5-truncated" {
				found = strings.HasPrefix(payload, all[0].data) && errors.Is(all[0].err, ErrMalformed)
			}
			if !found {
				t.Errorf("marker not found in %d members", len(all))
			}
			if n := noteNames(all, r); c.anomaly != "" && !slices.Contains(n, c.anomaly) {
				t.Errorf("anomalies %v, want %q", n, c.anomaly)
			}
			if f := Detect(bytes.NewReader(c.data), int64(len(c.data))); !slices.Contains(f, Rar) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

func TestRarSplit(t *testing.T) {
	cut := forgeRar5([]rarFile{
		{name: "cut", body: payload, raw: []byte(payload[:50]), edit5: func(f *rar5Fields) { f.flags |= rar5SplitBefore; f.compression = 0 }},
		{name: "whole", body: payload},
	}, true)
	all, _, err := readAll(t, Rar, cut)
	if err != nil || len(all) != 2 || !errors.Is(all[0].err, ErrUnsupported) || all[1].data != payload {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestRarDictionary(t *testing.T) {
	raw := rar5Literals("x")
	data := forgeRar5([]rarFile{
		{name: "huge", body: "x", raw: raw, edit5: func(f *rar5Fields) { f.compression |= 1 | 31<<10; f.declared = 1 << 41 }},
		{name: "behind", body: "x", raw: raw, edit5: func(f *rar5Fields) { f.compression |= 0x40 }},
		{name: "fine", body: "x", raw: raw},
	}, true)
	all, _, err := readAll(t, Rar, data)
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	if !errors.Is(all[0].err, ErrLimit) || !errors.Is(all[1].err, ErrLimit) || all[2].data != "x" || all[2].err != nil {
		t.Errorf("%v, %v, %q %v", all[0].err, all[1].err, all[2].data, all[2].err)
	}
}

// encrypted4 is a stored member of RAR 4 with a password.
func encrypted4(body, password string) rarFile {
	salt := []byte("saltsalt")
	out := rar3Derive(utf16.Encode([]rune(password)), salt)
	plain := []byte(body)
	for len(plain)%16 != 0 {
		plain = append(plain, 0)
	}
	raw := cbcEncrypt(out[:16], out[16:], plain)
	return rarFile{name: "p.js", body: body, raw: raw, edit4: func(h []byte) []byte {
		h[3] |= rar4Encrypted
		h[4] |= rar4Salt >> 8
		h = append(h, salt...)
		le.PutUint16(h[5:], uint16(len(h)))
		return h
	}}
}

func cbcEncrypt(key, iv, plain []byte) []byte {
	block, _ := aes.NewCipher(key)
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, plain)
	return out
}

func encrypted5(body, password string, mac, check bool) rarFile {
	salt, iv := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	c := &rarCrypt{generation: 5, count: 4, salt: salt, mac: mac}
	(&rarKeys{keys: &Keys{Work: 1 << 20}}).derive(c, password)
	plain := []byte(body)
	for len(plain)%16 != 0 {
		plain = append(plain, 0)
	}
	raw := cbcEncrypt(c.key, iv, plain)
	return rarFile{name: "p.js", body: body, raw: raw, edit5: func(f *rar5Fields) {
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
		"4":     forgeRar4([]rarFile{encrypted4(payload, "sécret"), {name: "plain", body: "x"}}, true),
		"5":     forgeRar5([]rarFile{encrypted5(payload, "sécret", false, false), {name: "plain", body: "x"}}, true),
		"5-mac": forgeRar5([]rarFile{encrypted5(payload, "sécret", true, false), {name: "plain", body: "x"}}, true),
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				keys *Keys
				ok   bool
			}{{nil, false}, {&Keys{Passwords: []string{"wrong", "sécret"}, Work: 10}, false},
				{&Keys{Passwords: []string{"wrong"}, Work: 1 << 30}, false}, {&Keys{Passwords: []string{"wrong", "sécret"}, Work: 1 << 30}, true}} {
				r, err := Open(Rar, bytes.NewReader(data), int64(len(data)), Limits{Keys: c.keys})
				if err != nil {
					t.Fatal(err)
				}
				m, err := r.Next()
				if err != nil || !m.Encrypted || m.Names[0] != "p.js" {
					t.Fatal(m, err)
				}
				if !c.ok {
					if !errors.Is(m.Err, ErrEncrypted) {
						t.Errorf("keys %+v: err %v", c.keys, m.Err)
					}
					continue
				}
				var got strings.Builder
				if _, err := fmt.Fprint(&got, readString(r)); err != nil || got.String() != payload || m.Password != "sécret" {
					t.Errorf("got %q, password %q, %v", got.String(), m.Password, m.Err)
				}
			}
		})
	}
}

func readString(r *Reader) string {
	var b bytes.Buffer
	b.ReadFrom(r)
	return b.String()
}

func FuzzRar(f *testing.F) {
	for _, c := range forgedRars() {
		f.Add(c.data)
	}
	f.Add(forgeRar4([]rarFile{encrypted4(payload, "p")}, true))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzReadLimits(t, Rar, data, 64<<20+64<<10*uint64(len(data)), Limits{Members: fuzzMembers, Dictionary: 1 << 20, Keys: &Keys{Passwords: []string{"p"}, Work: 1 << 10}})
	})
}
