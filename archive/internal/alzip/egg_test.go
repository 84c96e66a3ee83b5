package alzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgedEGG is a file of an EGG archive.
type forgedEGG struct {
	name, body string
	method     byte
	packed     string // "": by the method, if it is stored or deflate
	id         uint32
	extra      []byte         // more fields of the file
	block      func(h []byte) // changes the block's header
	length     int            // of the file; 0: the body's
	parts      int            // blocks; 0: one
}

// eggField is an extra field.
func eggField(sign uint32, flags byte, body string) []byte {
	b := append(binary.LittleEndian.AppendUint32(nil, sign), flags)
	if flags&eggWide != 0 {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(body)))
	}
	return append(b, body...)
}

var eggStop = binary.LittleEndian.AppendUint32(nil, eggEnd)

func (f forgedEGG) header() []byte {
	n := f.length
	if n == 0 {
		n = len(f.body)
	}
	b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, eggFile), f.id)
	b = binary.LittleEndian.AppendUint64(b, uint64(n))
	if f.name != "" {
		b = append(b, eggField(eggName, 0, f.name)...)
	}
	return append(append(b, f.extra...), eggStop...)
}

func (f forgedEGG) blocks() (out []byte) {
	parts := max(1, f.parts)
	for i := range parts {
		body := f.body[len(f.body)*i/parts : len(f.body)*(i+1)/parts]
		packed := f.packed
		if packed == "" {
			packed = string(archivetest.Pack(map[byte]uint16{eggDeflate: 8}[f.method], body))
		}
		out = append(out, eggBlockOf(f.method, body, packed, f.block)...)
	}
	return out
}

func eggBlockOf(method byte, body, packed string, edit func(h []byte)) []byte {
	le := binary.LittleEndian
	h := append(le.AppendUint32(nil, eggBlock), method, 0)
	h = le.AppendUint32(le.AppendUint32(h, uint32(len(body))), uint32(len(packed)))
	h = le.AppendUint32(h, crc32.ChecksumIEEE([]byte(body)))
	if edit != nil {
		edit(h)
	}
	return append(append(h, eggStop...), packed...)
}

func eggHead(extra ...[]byte) []byte {
	h := append([]byte(eggMagic), 1, 2, 3, 4, 0, 0, 0, 0)
	return append(append(h, bytes.Join(extra, nil)...), eggStop...)
}

func forgeEGG(files ...forgedEGG) []byte {
	out := eggHead()
	for _, f := range files {
		out = append(append(out, f.header()...), f.blocks()...)
	}
	return append(out, eggStop...)
}

func TestEGGHonest(t *testing.T) {
	body := archivetest.Text(50_000)
	files := []forgedEGG{
		{name: "stored.txt", body: body},
		{name: "deflate.txt", body: body, method: eggDeflate},
		{name: "blocks.txt", body: body, method: eggDeflate, parts: 5},
	}
	if plain, err := archivetest.Pipe(body, "bzip2", "-c"); err == nil {
		files = append(files, forgedEGG{name: "bzip2.txt", body: body, method: eggBzip2, packed: string(plain)})
	}
	if alone, err := archivetest.Pipe(body, "xz", "--format=lzma", "-c"); err == nil {
		zip := "\x10\x02\x05\x00" + string(alone[:5]) + string(alone[13:])
		bare := string(alone[:5]) + string(alone[13:])
		for name, packed := range map[string]string{"alone": string(alone), "zip": zip, "bare": bare} {
			files = append(files, forgedEGG{name: name, body: body, method: eggLZMA, packed: packed})
		}
	}
	data := forgeEGG(files...)
	all, r, err := archivetest.ReadAll(t, EGG, data)
	if err != nil || len(all) != len(files) || !archivetest.Detects(data, EGG) {
		t.Fatalf("%v\n%s", err, archivetest.Listing(all))
	}
	for i, g := range all {
		if g.Data != files[i].body || g.Fault != nil || g.Names[0] != files[i].name {
			t.Errorf("%q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
		}
	}
	if n := archivetest.NoteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
}

func TestEGGNames(t *testing.T) {
	data := forgeEGG(
		forgedEGG{name: "folder", id: 7, extra: eggField(eggWindows, 0, "\x00\x00\x00\x00\x00\x00\x00\x00\x80")},
		forgedEGG{extra: eggField(eggName, eggRelative, "\x07\x00\x00\x00a.txt"), body: "a"},
		forgedEGG{extra: eggField(eggName, eggCodepage, "\xb5\x03\xc7\xd1\xb1\xdb.txt"), body: "b"},
		forgedEGG{extra: eggField(eggName, eggCodepage|eggWide, "\xa4\x03\x93\xfa\x96\x7b.txt"), body: "c"},
		forgedEGG{name: "d", extra: append(eggField(eggNote, 0, "a comment"), eggField(eggPosix, 0, "\xed\x41\x00\x00")...)})
	all, _, err := archivetest.ReadAll(t, EGG, data)
	if err != nil || len(all) != 6 || !all[0].Dir || all[1].Names[0] != "folder/a.txt" || all[2].Names[0] != "한글.txt" || all[3].Names[0] != "日本.txt" || !all[4].Dir || all[5].Data != "a comment" || all[5].Reading != "comment" {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// solidEGG has its blocks behind all headers.
func solidEGG(rest string, files ...forgedEGG) []byte {
	out := eggHead(eggField(eggSolid, 0, ""))
	var body string
	for _, f := range files {
		out = append(out, f.header()...)
		body += f.body
	}
	body += rest
	cut := len(body) / 3
	for _, part := range []string{body[:cut], body[cut:]} {
		out = append(out, eggBlockOf(eggDeflate, part, string(archivetest.Pack(8, part)), nil)...)
	}
	return append(out, eggStop...)
}

func TestEGGSolid(t *testing.T) {
	data := solidEGG("", forgedEGG{name: "a", body: "first"}, forgedEGG{name: "p.js", body: archivetest.Payload}, forgedEGG{name: "c", body: "last"})
	all, r, err := archivetest.ReadAll(t, EGG, data)
	if err != nil || len(all) != 3 || all[0].Data != "first" || all[1].Data != archivetest.Payload || all[2].Data != "last" || all[2].Fault != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%v\n%s", err, archivetest.Listing(all))
	}
	all, _, err = archivetest.ReadAll(t, EGG, solidEGG(archivetest.Payload, forgedEGG{name: "a", body: "first"}))
	if err != nil || len(all) != 2 || all[1].Data != archivetest.Payload {
		t.Errorf("behind the files: %v\n%s", err, archivetest.Listing(all))
	}
	re, err := level.Open(EGG, bytes.NewReader(data), int64(len(data)), level.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	re.Next()
	re.Next()
	body := make([]byte, 19)
	if n, err := re.Read(body); string(body[:n]) != archivetest.Payload[:n] || n == 0 {
		t.Errorf("unread forerunner: %q, %v", body[:n], err)
	}
}

func forgedEGGs() map[string]archivetest.Forged {
	o, p := forgedEGG{name: "o.txt", body: "harmless"}, forgedEGG{name: "p.js", body: archivetest.Payload, method: eggDeflate}
	block := func(f func(h []byte)) []byte { q := p; q.block = f; return forgeEGG(o, q) }
	short, long := p, p
	short.length, long.length = 5, 1<<20
	noEnd := eggHead()
	noEnd = append(append(noEnd, p.header()...), p.blocks()...)
	unknown := p
	unknown.extra = eggField(0x12345678, 0, "what is this")
	return map[string]archivetest.Forged{
		"stub":     {Data: append([]byte("MZ a program EGGA\x00\x01 and"), forgeEGG(p)...), Anomaly: anomaly.Prepended},
		"appended": {Data: append(forgeEGG(p), "junk"...), Anomaly: anomaly.Appended},
		"twice":    {Data: append(forgeEGG(o), forgeEGG(p)...), Anomaly: anomaly.Gap},
		"gap":      {Data: bytes.Join([][]byte{eggHead(), o.header(), o.blocks(), []byte("junk"), p.header(), p.blocks(), eggStop}, nil), Anomaly: anomaly.Gap},
		"no-end":   {Data: noEnd, Anomaly: anomaly.Truncated},
		"no-file":  {Data: bytes.Join([][]byte{eggHead(), p.blocks(), eggStop}, nil), Anomaly: anomaly.NameEmpty},
		"crc":      {Data: block(func(h []byte) { h[14]++ }), Anomaly: ""},
		"block":    {Data: block(func(h []byte) { h[6]++ }), Anomaly: ""},
		"packed":   {Data: block(func(h []byte) { h[13] = 0x7f }), Anomaly: ""},
		"short":    {Data: forgeEGG(short), Anomaly: anomaly.Size},
		"long":     {Data: forgeEGG(long), Anomaly: anomaly.Size},
		"unknown":  {Data: forgeEGG(o, unknown), Anomaly: ""},
		"dir":      {Data: forgeEGG(forgedEGG{name: "d", body: archivetest.Payload, extra: eggField(eggPosix, 0, "\xed\x41\x00\x00")}), Anomaly: anomaly.DirData},
		"comments": {Data: append(forgeEGG(o)[:len(forgeEGG(o))-4], append(eggField(eggNote, eggWide, archivetest.Marker), eggStop...)...), Anomaly: ""},
	}
}

func TestEGGForged(t *testing.T) { archivetest.FindForged(t, EGG, forgedEGGs()) }

func TestEGGClasses(t *testing.T) {
	secret := func(more int, body string) []byte {
		f := eggField(eggEncrypt, 0, body)
		f[5] += byte(more)
		return f
	}
	volume := eggHead(eggField(eggSplit, 0, "\x01\x00\x00\x00\x02\x00\x00\x00"))
	f := forgedEGG{name: "a", body: "b"}
	volume = append(append(volume, f.header()...), f.blocks()...)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"azo":       {forgeEGG(forgedEGG{name: "a", body: "b", method: eggAZO, packed: "b"}), level.ErrUnsupported},
		"method":    {forgeEGG(forgedEGG{name: "a", body: "b", method: 9, packed: "b"}), level.ErrUnsupported},
		"encrypted": {forgeEGG(forgedEGG{name: "a", body: "b", extra: secret(0, "\x00verify_datacrc3")}), level.ErrEncrypted},
		"own-head":  {forgeEGG(forgedEGG{name: "a", body: "b", extra: secret(7, "\x00verify_datacrc3")}), level.ErrEncrypted},
		"all":       {append(append(eggHead(secret(0, "\x01salt....vvfooter....")), f.header()...), f.blocks()...), level.ErrEncrypted},
		"name":      {forgeEGG(forgedEGG{body: "b", extra: eggField(eggName, eggSecret, "????")}), level.ErrEncrypted},
		"crc":       {forgeEGG(forgedEGG{name: "a", body: "b", block: func(h []byte) { h[14]++ }}), level.ErrMalformed},
		"deflate":   {forgeEGG(forgedEGG{name: "a", body: "b", method: eggDeflate, packed: "\xff\xff"}), level.ErrMalformed},
		"lzma":      {forgeEGG(forgedEGG{name: "a", body: "b", method: eggLZMA, packed: "\xff\xff"}), level.ErrMalformed},
		"volume":    {volume, level.ErrUnsupported},
	} {
		all, _, err := archivetest.ReadAll(t, EGG, c.data)
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, c.want) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

func TestNotEGG(t *testing.T) {
	for _, data := range []string{"", "EGGA", "EGGA\x00\x01 is what an archive begins with", "EGGA\x00\x01\x01\x02\x03\x04\x00\x00\x00\x00text"} {
		if archivetest.Detects([]byte(data), EGG) || archivetest.Detects([]byte(data), ALZ) {
			t.Errorf("%q is detected", data)
		}
		if _, _, err := archivetest.ReadAll(t, EGG, []byte(data)); !errors.Is(err, level.ErrFormat) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func FuzzEGG(f *testing.F) {
	for _, c := range forgedEGGs() {
		f.Add(c.Data)
	}
	f.Add(solidEGG("rest", forgedEGG{name: "a", body: "first"}, forgedEGG{name: "p.js", body: archivetest.Payload}))
	f.Add(forgeEGG(forgedEGG{name: "a", body: "b", method: eggBzip2, packed: "BZh91AY&SY"}, forgedEGG{name: "a", body: "b", method: eggLZMA, packed: "\x5d\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzReadLimits(t, EGG, data, 32<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 64 << 10})
	})
}
