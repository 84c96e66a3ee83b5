package zip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// threat is one way in which zips were made to hide something, with an honest
// file that looks much the same.
type threat struct {
	data    []byte
	anomaly string // one that must be there; "": any or none
	benign  []byte // must be read without anomalies; nil: there is none
}

func h(f func(*head)) func(*head) { return f }

// besides makes a zip of a harmless member and the one given.
func besides(e entry) []byte { return forge([]entry{listed("o.txt", "harmless", 8), e}, nil, "") }

// e8 is a deflated member with the marker whose headers are bent.
func e8(local, central func(*head)) entry {
	return entry{name: "p.js", method: 8, body: archivetest.Payload, local: local, central: central}
}

func honestZip() []byte { return besides(listed("p.js", archivetest.Payload, 8)) }

// wide64 is a zip64 extra field.
func wide64(v ...uint64) string {
	var b bytes.Buffer
	archivetest.Put(&b, uint16(1), uint16(8*len(v)))
	for _, n := range v {
		archivetest.Put(&b, n)
	}
	return b.String()
}

// end64 puts a zip64 end record and its locator before the end record of a file,
// and sets the end record's fields.
func end64(data []byte, record func(count, size, off *uint64), narrow func(count *uint16, size, off *uint32), at func(uint64) uint64, filler string) []byte {
	i := bytes.LastIndex(data, sigEnd)
	end := data[i:]
	n, size, off := uint64(le.Uint16(end[10:])), uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	count, size32, off32 := uint16(n), uint32(size), uint32(off)
	if record != nil {
		record(&n, &size, &off)
	}
	if narrow != nil {
		narrow(&count, &size32, &off32)
	}
	where := uint64(i)
	if at != nil {
		where = at(where)
	}
	var b bytes.Buffer
	b.Write(data[:i])
	archivetest.Put(&b, uint32(0x06064b50), uint64(44+len(filler)), uint16(45), uint16(45), uint32(0), uint32(0), n, n, size, off, filler)
	archivetest.Put(&b, uint32(0x07064b50), uint32(0), where, uint32(1))
	archivetest.Put(&b, uint32(0x06054b50), uint16(0), uint16(0), count, count, size32, off32, uint16(0))
	return b.Bytes()
}

func escape32(count *uint16, size, off *uint32) { *count, *size, *off = 0xffff, 0xffffffff, 0xffffffff }

// inside returns the bytes of an entry's local header and body.
func inside(e entry) string {
	e.unlisted = true
	b := forge([]entry{e}, nil, "")
	return string(b[:len(b)-endBytes])
}

// deflateOf wraps bytes in stored blocks, so that they stand in the stream as they are.
func deflateOf(parts ...string) []byte {
	var b bytes.Buffer
	for i, p := range parts {
		last := byte(0)
		if i == len(parts)-1 {
			last = 1
		}
		b.WriteByte(last)
		archivetest.Put(&b, uint16(len(p)), ^uint16(len(p)), p)
	}
	return b.Bytes()
}

// threatList is threats by name.
type threatList map[string]threat

func (l threatList) add(name, anomaly string, data, benign []byte) {
	l[name] = threat{data, anomaly, benign}
}

func threats() threatList {
	all := threatList{}
	for _, f := range []func(threatList){methodThreats, sizeThreats, nameThreats, kindThreats, flagThreats, collisionThreats, unlistedThreats, endThreats, countThreats, offsetThreats, zip64Threats, descriptorThreats, damageThreats} {
		f(all)
	}
	return all
}

// methodThreats are bodies under methods that the headers lie about.
func methodThreats(l threatList) {
	plain := honestZip()
	for _, m := range []int{0, 1, 6, 9, 12, 14, 93, 95, 98, 99, 0xffff} {
		f := func(h *head) { h.method = m }
		l.add(fmt.Sprintf("a1-local-%d", m), anomaly.MethodDiffer, besides(e8(f, nil)), plain)
		l.add(fmt.Sprintf("a1-central-%d", m), anomaly.MethodDiffer, besides(e8(nil, f)), plain)
		if m != 9 && m != 99 {
			l.add(fmt.Sprintf("a1-both-%d", m), "", besides(e8(f, f)), plain)
		}
	}
	store := func(h *head) { h.method = 0 }
	storeFits := func(h *head) { h.method, h.usize = 0, h.csize }
	noCRC := func(h *head) { h.crc = 0 }
	l.add("zombie-sizes-equal", anomaly.HiddenDeflate, besides(e8(storeFits, storeFits)), plain)
	l.add("zombie-no-crc", anomaly.HiddenDeflate, besides(e8(both(store, noCRC), both(store, noCRC))), plain)

	lowByte := func(h *head) { h.method |= 0x4200 }
	l.add("a1-low-byte", "", besides(e8(lowByte, lowByte)), plain)
	l.add("a1-low-byte-stored", "", besides(entry{name: "p", body: archivetest.Payload, local: both(lowByte, noCRC), central: both(lowByte, noCRC)}), plain)
}

// sizeThreats are sizes that lie.
func sizeThreats(l threatList) {
	plain := honestZip()
	for name, f := range map[string]func(*head){
		"zero": func(h *head) { h.csize, h.usize = 0, 0 }, "usize-zero": func(h *head) { h.usize = 0 }, "csize-zero": func(h *head) { h.csize = 0 },
		"short": func(h *head) { h.csize, h.usize = 5, 5 }, "usize-short": func(h *head) { h.usize = 9 }, "csize-short": func(h *head) { h.csize = 9 },
		"huge": func(h *head) { h.csize, h.usize = 0xfffffffe, 0xfffffffe }, "escape": func(h *head) { h.csize, h.usize = 0xffffffff, 0xffffffff },
		"zip64-lies":   func(h *head) { h.extra = wide64(1, 1); h.csize, h.usize = 0xffffffff, 0xffffffff },
		"zip64-extra":  func(h *head) { h.extra = wide64(3, 4) },
		"zip64-broken": func(h *head) { h.extra = "\x01\x00\xff\x00abc"; h.csize, h.usize = 0xffffffff, 0xffffffff },
	} {
		for _, method := range []uint16{0, 8} {
			e := entry{name: "p.js", method: method, body: archivetest.Payload}
			loc, c, b := e, e, e
			loc.local, c.central, b.local, b.central = f, f, f, f
			l.add(fmt.Sprintf("a2-%s-local-%d", name, method), "", besides(loc), plain)
			l.add(fmt.Sprintf("a2-%s-central-%d", name, method), "", besides(c), plain)
			if method == 8 {
				l.add(fmt.Sprintf("a2-%s-both-%d", name, method), "", besides(b), plain)
			}
		}
	}
}

// nameThreats are names that differ or are strange.
func nameThreats(l threatList) {
	plain := honestZip()
	for name, f := range map[string]func(*head){
		"other": func(h *head) { h.name = "p.txt" }, "empty": func(h *head) { h.name = "" }, "nul": func(h *head) { h.name = "p.txt\x00.js" },
		"long": func(h *head) { h.name = strings.Repeat("n", 65535) }, "bad-utf8": func(h *head) { h.name = "p\xff\xfe.js"; h.flags |= flagUTF8 },
		"controls": func(h *head) { h.name = "p\r\n\x1b[2J.js" }, "rtlo": func(h *head) { h.name = "p\u202esj.txt"; h.flags |= flagUTF8 },
		"windows": func(h *head) { h.name = "CON.js:x. ." }, "traversal": func(h *head) { h.name = "../../p.js" }, "absolute": func(h *head) { h.name = `C:\p.js` },
		"unicode-path": func(h *head) {
			h.extra = "\x75\x70\x0b\x00\x01" + string(le.AppendUint32(nil, crc32.ChecksumIEEE([]byte("p.js")))) + "x.html"
		},
		"extra-broken": func(h *head) { h.extra = "\x75\x70\xff\xff" },
	} {
		l.add("a3-"+name+"-local", "", besides(e8(f, nil)), plain)
		l.add("a3-"+name+"-central", "", besides(e8(nil, f)), plain)
		l.add("a3-"+name+"-both", "", besides(e8(f, f)), plain)
	}
}

// kindThreats are files dressed as something else.
func kindThreats(l threatList) {
	plain := honestZip()
	for name, f := range map[string]entry{
		"slash":     {name: "p/", method: 8, body: archivetest.Payload},
		"backslash": {name: `p\`, method: 8, body: archivetest.Payload},
		"dos-dir":   {name: "p", method: 8, body: archivetest.Payload, attrs: 0x10},
		"volume":    {name: "p", method: 8, body: archivetest.Payload, attrs: 0x08},
		"symlink":   {name: "p", method: 8, body: archivetest.Payload, attrs: 0xa1ff0000},
		"device":    {name: "p", method: 8, body: archivetest.Payload, attrs: 0x61ff0000},
	} {
		dir := ""
		if name == "slash" || name == "backslash" || name == "dos-dir" {
			dir = anomaly.DirData
		}
		l.add("a4-"+name, dir, besides(f), besides(entry{name: "p/", attrs: 0x10}))
	}
	slash := func(h *head) { h.name = "p.js/" }
	l.add("a4-slash-local", anomaly.DirData, besides(e8(slash, nil)), plain)
	l.add("a4-slash-central", anomaly.DirData, besides(e8(nil, slash)), plain)
}

// flagThreats are bits of the general purpose flag.
func flagThreats(l threatList) {
	plain := honestZip()
	for _, bit := range []uint16{0, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15} {
		for _, method := range []uint16{0, 8} {
			f := func(h *head) { h.flags |= 1<<bit | 1&^(bit&1) }
			only := func(h *head) { h.flags |= 1 << bit }
			e := entry{name: "p.js", method: method, body: archivetest.Payload}
			for i, g := range []func(*head){f, only} {
				loc, c, b := e, e, e
				loc.local, c.central, b.local, b.central = g, g, g, g
				l.add(fmt.Sprintf("a5-%d-%d-%d-local", bit, method, i), "", besides(loc), plain)
				l.add(fmt.Sprintf("a5-%d-%d-%d-central", bit, method, i), "", besides(c), plain)
				l.add(fmt.Sprintf("a5-%d-%d-%d-both", bit, method, i), "", besides(b), plain)
			}
		}
	}
	fakeNoCRC := func(h *head) { h.flags |= 1; h.crc = 0 }
	l.add("a5-stored-no-crc", anomaly.FakeEncryption, besides(entry{name: "p", body: archivetest.Payload, local: fakeNoCRC, central: fakeNoCRC}), plain)
	l.add("a5-deflate-no-crc", anomaly.FakeEncryption, besides(e8(fakeNoCRC, fakeNoCRC)), plain)
}

// collisionThreats are names that collide.
func collisionThreats(l threatList) {
	plain := honestZip()
	for name, other := range map[string]string{"same": "p.js", "case": "P.JS", "dot": "./p.js", "slashes": "d//p.js", "up": "x/../p.js", "space": "p.js ", "point": "p.js."} {
		l.add("b-"+name, "", forge([]entry{listed(other, "harmless", 8), listed("p.js", archivetest.Payload, 8)}, nil, ""), plain)
		l.add("b-"+name+"-first", "", forge([]entry{listed("p.js", archivetest.Payload, 8), listed(other, "harmless", 8)}, nil, ""), plain)
	}
}

// unlistedThreats are entries that no directory lists.
func unlistedThreats(l threatList) {
	plain := honestZip()
	hidden := inside(listed("p.js", archivetest.Payload, 8))
	harmless := listed("o.txt", "harmless", 8)
	l.add("c1-in-comment", anomaly.Unlisted, forge([]entry{harmless}, nil, hidden), forge([]entry{harmless}, nil, "just a comment"))
	l.add("c1-local-extra", "", besides(entry{name: "x", body: "x", local: func(h *head) { h.extra = "zz" + string(le.AppendUint16(nil, uint16(len(hidden)))) + hidden }}), nil)
	l.add("c1-central-extra", "", besides(entry{name: "x", body: "x", central: func(h *head) { h.extra = "zz" + string(le.AppendUint16(nil, uint16(len(hidden)))) + hidden }}), nil)
	l.add("c1-local-name", "", besides(entry{name: "x", body: "x", local: func(h *head) { h.name = hidden }}), nil)
	l.add("c1-gap", anomaly.Unlisted, forge([]entry{{name: "o", body: "x", after: hidden}}, nil, ""), nil)
	quoted := deflateOf("some text", hidden, "more text")
	l.add("c1-in-deflate-short-csize", "", besides(entry{name: "q", method: 8, raw: quoted, body: "some text" + hidden + "more text",
		local: func(h *head) { h.csize = uint32(bytes.Index(quoted, sigLocal)) }}), nil)
	l.add("c1-under-encrypted", "", besides(entry{name: "q", body: strings.Repeat("z", 50), raw: []byte(string(archivetest.SampleBodies()["noise"][:400]) + hidden),
		local: h(func(h *head) { h.flags |= 1 }), central: h(func(h *head) { h.flags |= 1 })}), nil)
	l.add("c1-under-unknown", "", besides(entry{name: "q", method: 97, raw: []byte("wavy" + hidden)}), nil)
	desync := streamed(entry{name: "q", raw: []byte("first" + descriptorOf(true, "first") + hidden), body: "first" + descriptorOf(true, "first") + hidden}, true, false)
	l.add("c1-desync", "", besides(desync), nil)
	l.add("c1-fake-central", "", append([]byte("PK\x01\x02 is not a header, PK\x05\x06 neither"), plain...), nil)
}

// endThreats are several, cut and hidden end records.
func endThreats(l threatList) {
	plain := honestZip()
	harmless := listed("o.txt", "harmless", 8)
	other := forge([]entry{harmless}, nil, "")
	l.add("c2-first", anomaly.ManyEnds, slices.Concat(plain, other), plain)
	l.add("c2-last", anomaly.ManyEnds, slices.Concat(other, plain), plain)
	l.add("c2-middle", anomaly.ManyEnds, slices.Concat(other, plain, other), plain)
	l.add("c2-in-comment", anomaly.ManyEnds, forge([]entry{harmless}, nil, string(plain)), plain)
	l.add("c2-comment-too-long", anomaly.CommentLength, lieComment(plain, 7, ""), plain)
	l.add("c2-comment-short", anomaly.Appended, lieComment(plain, 0, "longer"), plain)
	l.add("c2-cut", anomaly.NoEnd, plain[:len(plain)-10], plain)
	l.add("c2-far-junk", anomaly.Appended, slices.Concat(plain, make([]byte, 200_000)), plain)
	l.add("c2-fold-500", anomaly.ManyEnds, bytes.Repeat(plain, 500), plain)
	l.add("c2-in-extra", "", endInExtra(plain), plain)

	cover := archivetest.Pack(8, "harmless text and more of it, "+string(archivetest.SampleBodies()["noise"][:3000]))
	l.add("c2-in-compressed", "", coveredEnd(plain, cover), plain)
	l.add("c1-strange-header", "", slices.Concat(forge([]entry{harmless}, nil, ""), []byte("junk"),
		[]byte(inside(e8(func(h *head) { h.name = "" }, nil))), []byte("junk"),
		[]byte(inside(e8(func(h *head) { h.method |= 0x300 }, nil)))), plain)
}

// countThreats are counts and sizes of directories that lie.
func countThreats(l threatList) {
	plain := honestZip()
	harmless := listed("o.txt", "harmless", 8)
	for name, f := range map[string]func(off, size *uint32, n *uint16){
		"count-0": func(_, _ *uint32, n *uint16) { *n = 0 }, "count-1": func(_, _ *uint32, n *uint16) { *n = 1 }, "count-huge": func(_, _ *uint32, n *uint16) { *n = 0xffff },
		"size-0": func(_, s *uint32, _ *uint16) { *s = 0 }, "size-1": func(_, s *uint32, _ *uint16) { *s -= 1 }, "size-huge": func(_, s *uint32, _ *uint16) { *s = 0xfffffff0 },
		"off-0": func(o, _ *uint32, _ *uint16) { *o = 0 }, "off-1": func(o, _ *uint32, _ *uint16) { *o++ }, "off-huge": func(o, _ *uint32, _ *uint16) { *o = 0xfffffff0 },
		"all": func(o, s *uint32, n *uint16) { *o, *s, *n = 7, 9, 3 },
	} {
		l.add("c3-"+name, "", forge([]entry{harmless, listed("p.js", archivetest.Payload, 8)}, f, ""), plain)
	}
	i := bytes.LastIndex(plain, sigCentral)
	l.add("c3-junk-between", "", slices.Concat(plain[:i], []byte("some junk"), plain[i:]), plain)
}

// offsetThreats are prefixes and offsets that lie.
func offsetThreats(l threatList) {
	plain := honestZip()
	for _, prefix := range []string{"x", "PK00", "PK\x07\x08", "MZ" + strings.Repeat("stub ", 1000), "%PDF-1.4\n"} {
		l.add(fmt.Sprintf("c4-prefix-%.4q", prefix), "", append([]byte(prefix), plain...), plain)
	}
	for _, off := range []int64{-5, 1, 1000, 1 << 30} {
		l.add(fmt.Sprintf("c4-local-off-%d", off), "", besides(entry{name: "p.js", method: 8, body: archivetest.Payload, offset: off}), plain)
	}
}

// zip64Threats are zip64 records that contradict.
func zip64Threats(l threatList) {
	plain := honestZip()
	wide := end64(plain, nil, escape32, nil, "")
	l.add("c5-lies", "", end64(plain, func(n, s, o *uint64) { *n, *s, *o = 0, 0, 0 }, nil, nil, ""), wide)
	l.add("c5-narrow-lies", anomaly.Zip64Differ, end64(plain, nil, func(n *uint16, s, o *uint32) { *n, *s, *o = 1, 2, 3 }, nil, ""), wide)
	l.add("c5-locator-lies", "", end64(plain, nil, escape32, func(uint64) uint64 { return 3 }, ""), wide)
	l.add("c5-prefix", "", append([]byte("prefix"), wide...), wide)
	l.add("c5-prefix-longer", "", append([]byte("prefix"), end64(plain, nil, escape32, nil, "further data")...), nil)
	l.add("c5-only-central", "", besides(e8(nil, func(h *head) {
		h.extra = wide64(uint64(h.usize), uint64(h.csize))
		h.csize, h.usize = 0xffffffff, 0xffffffff
	})), wide)
}

// descriptorThreats are data descriptors.
func descriptorThreats(l threatList) {
	harmless := listed("o.txt", "harmless", 8)
	for _, method := range []uint16{0, 8} {
		for name, after := range map[string]string{"signed": descriptorOf(true, archivetest.Payload), "bare": descriptorOf(false, archivetest.Payload), "missing": "", "lying": "PK\x07\x08 none at all"} {
			e := streamed(entry{name: "p.js", method: method, body: archivetest.Payload, raw: archivetest.Pack(method, archivetest.Payload)}, true, false)
			if name == "signed" || name == "bare" {
				e = streamed(e, name == "signed", true)
			} else {
				e.after = after
			}
			l.add(fmt.Sprintf("d-%s-%d", name, method), "", forge([]entry{e, harmless}, nil, ""), forge([]entry{streamed(listedRaw("p.js", archivetest.Payload, 8), true, false), harmless}, nil, ""))
			e.unlisted = true
			l.add(fmt.Sprintf("d-%s-%d-unlisted", name, method), "", forge([]entry{e, harmless}, nil, ""), nil)
			e.local = both(e.local, func(h *head) { h.crc, h.csize, h.usize = crc32.ChecksumIEEE(e.raw[:4]), 4, 4 })
			l.add(fmt.Sprintf("d-%s-%d-short", name, method), "", forge([]entry{e, harmless}, nil, ""), nil)
		}
	}
}

// damageThreats are damage.
func damageThreats(l threatList) {
	plain := honestZip()
	for name, sig := range map[string][]byte{"local": sigLocal, "central": sigCentral, "end": sigEnd} {
		for k := 0; k < 4; k++ {
			b := bytes.Clone(plain)
			b[bytes.LastIndex(b, sig)+k] ^= 0x20
			l.add(fmt.Sprintf("x-%s-%d", name, k), "", b, plain)
		}
	}
	locals := bytes.Clone(plain)
	j := bytes.LastIndex(locals, sigLocal)
	copy(locals[j:j+localBytes], make([]byte, localBytes))
	l.add("x-local-zeroed", "", locals, plain)
	lengths := bytes.Clone(plain)
	binary.LittleEndian.PutUint16(lengths[j+26:], 60000)
	l.add("x-local-name-length", "", lengths, plain)
	k := bytes.Index(plain, sigCentral)
	l.add("x-no-directory", anomaly.NoEnd, plain[:k], plain)
	l.add("x-no-directory-cut", anomaly.NoEnd, plain[:k-1], plain)
	disks := bytes.Clone(plain)
	e := bytes.LastIndex(disks, sigEnd)
	copy(disks[e+4:], "\x01\x00\x01\x00")
	l.add("x-multi-disk", anomaly.MultiDisk, disks, plain)
	c := bytes.LastIndex(disks, sigCentral)
	disks = bytes.Clone(plain)
	copy(disks[c+34:], "\x05\x00")
	l.add("x-member-disk", anomaly.MultiDisk, disks, plain)
	wrong := func(h *head) { h.crc++ }
	l.add("x-crc", anomaly.CRC, besides(e8(wrong, wrong)), plain)
}

func listedRaw(name, body string, method uint16) entry {
	return entry{name: name, body: body, method: method, raw: archivetest.Pack(method, body)}
}

func descriptorOf(signed bool, body string) string {
	return streamed(entry{raw: []byte(body), body: body, local: func(*head) {}, central: func(*head) {}}, signed, false).after
}

// lieComment gives the end record's comment another length than it has.
func lieComment(data []byte, n uint16, comment string) []byte {
	b := bytes.Clone(data)
	binary.LittleEndian.PutUint16(b[len(b)-2:], n)
	return append(b, comment...)
}

// endInExtra hides a file's directory and end record in a local extra field,
// whose comment reaches to the end, and spoils the last end record's offsets.
func endInExtra(plain []byte) []byte {
	k := bytes.Index(plain, sigCentral)
	members, rest := plain[:k], plain[k:]
	extra := "zz" + string(le.AppendUint16(nil, uint16(len(rest)))) + string(rest)
	x := forge([]entry{{name: "x", body: "x", local: func(h *head) { h.extra = extra }}}, nil, "")
	return slices.Concat(members, x)
}

// coveredEnd puts a whole file into what another says is a member's data, between
// two halves of it, and gives the last end record an offset that is wrong.
func coveredEnd(inner, cover []byte) []byte {
	raw := slices.Concat(cover[:len(cover)/2], inner, cover[len(cover)/2:])
	x := forge([]entry{{name: "x", method: 12, body: "x", raw: raw}}, func(off, _ *uint32, _ *uint16) { *off += 3 }, "")
	return x
}

func TestZipThreats(t *testing.T) {
	for name, c := range threats() {
		all, r, err := archivetest.ReadAll(t, Format, c.data)
		if r == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found := archivetest.Holds(all)
		if !found || errors.Is(err, level.ErrLimit) {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
		if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
			t.Errorf("%s: anomalies %v lack %s", name, notes, c.anomaly)
		}
		if !archivetest.Detects(c.data, Format) {
			t.Errorf("%s: not detected", name)
		}
		if t.Failed() && testing.Verbose() {
			for _, g := range all {
				t.Logf("%.40q %s %s %v %d bytes, %v %v", g.Names, g.Method, g.Reading, g.Anomalies, len(g.Data), g.Fault, g.Err)
			}
		}
		if c.benign == nil {
			continue
		}
		all, r, err = archivetest.ReadAll(t, Format, c.benign)
		if err != nil || len(archivetest.NoteNames(all, r)) > 0 || slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Fault != nil }) {
			t.Errorf("%s: the benign twin: %v, %v", name, archivetest.NoteNames(all, r), err)
		}
	}
}
