package ace

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// archivetest.Payload as the encoder in the tests of package unace packs it.
const (
	payloadLZ77    = "$I\x06\x8e\t$I\x92s\x89\x84\xf9\x039\x030\x030C933\x03\x033330#9\x0333\x033303\x00\x039\x03\x030\xf9\xf9\xf9\xf9s\xf9\xf9\xf9\xa79\x030I\x92d\xf8\x9f@\x92$\x9f\x9f\x9f\x9f\x9f\x9fH\x98\x9f\x9f\x9f\x9f\x92W\x91\x9f\xfc\x9ee\x00\xf9\x0e\xa3\xb6u]\xc6\xc1*!Z\x94ْ\x94\x00]ɒ\x1c\xb6T\xdf\xda\xdbz\\OV\xc7T=\xc0\x8cq\xbe"
	payloadBlocked = "$I\x06\x8e\t$I\x92\xf9\x89\x84\xf9\xa0\"\xf9\xf9\x02*\n\x02 \xa0\xa2\x00\xf9\xa9\x02\n\xf9\xf9\xf9\xf9\xa9r\xf9\xf9d\xf8\xa7\u0092$I\x92\x9f\x9f\x9f@\x9fH\x00\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9fN+\x00\x90\xf8\xca\x1ca\xab\xb5\xb5\x93\x00H\xb4\xb9\xa3\a\x80\x81$I\x92\x81\x8c\x10I\x92\x00\f\x00\fx~~\xce@\xceD\xce~\xced\xce\xccp~~\f\xc0\f\x00\xe4\xe7\xe7\xe7@N\xe4LL\xe7\x8c\xe4I\x92\xe1\xdf\x01I\x92$~~~\"~~~~~~~~\x00H~~,E\xb0\xdd\x15\x9d͔\x97U\xc9\xca\\Q\xdac\xe8=ay\x81c\x80@\x92$I\x92a~\x02I\x00\xcc\\\"P\xce@\xce\xc0\xc0\x00\xcc\f\xcc\xcc\xcc\xc0\xcc\xcc\xcc\xcc\xccH\xce\xc0\xc0\xcc\xc0\x00\f\xcc\f~~\xce\xc0~~~~\xe7\f\x00|\x92\xe1\xdf\xe4I\x92$I~~~\x02~~~~~~~~H~\"}\xb29\x8c\x01i\xb3\x86\xdb\xc37\x1a\xd7\x1c\x81p\x9e\x91\x1cE\x95S\xf7m\xd7\x15\xd7S%\x11MO\xf6\xe3{\x7fS\x00\x00\x00(" // LZ77, then a table, then a program
	payloadSolid   = "$I\x06\x8e\t$I\x92\x80$\xf9\xf99\x039\x03\x03\x030C033\x0333330C9\x03\x9f\x9f\x9f3\x9f\x9f\x9f\x9f33\x93\x9f\x7f\x9a3\x00\x92$I\x86\x04\x00$I\x06\xc0F\x89\xf9\xf9\xf9\xc9\xf9\xf9\xc9v\xf9\xf9\xf9\xf9\xc96\xf9\xf9\bV\x04 \x02^B^\x92M\x00\x1dY\x92\xafX\xf24\xb9)\xa87\x8dŝ\xefx\xc6\x00\xe0V]"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     // behind solidBefore
	packedComment  = "\f\x1c\x13\x00\x92$I\x92\x03\xf3\x13H\xf2\xf3\xf3srccC\x00`\xc1H???7????\x92q7?\x00\x00pm"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             // "a comment"
)

var solidBefore = "x" + archivetest.Payload[:100]

// forged is a file of an archive.
type forged struct {
	name, body string
	method     byte
	packed     string // "": the body
	comment    string // packed
	flags      uint16
	wide       bool              // sizes of 64 bits
	edit       func(raw []byte)  // before the checksum is set
	after      func(head []byte) // behind that
}

func (f forged) bytes() []byte {
	if f.packed == "" {
		f.packed = f.body
	}
	le := binary.LittleEndian
	h := []byte{typeFile32}
	f.flags |= flagData
	if f.wide {
		h[0] = typeFile64
		f.flags |= flag64
	}
	if f.comment != "" {
		f.flags |= flagComment
	}
	h = le.AppendUint16(h, f.flags)
	if f.wide {
		h = le.AppendUint64(le.AppendUint64(h, uint64(len(f.packed))), uint64(len(f.body)))
	} else {
		h = le.AppendUint32(le.AppendUint32(h, uint32(len(f.packed))), uint32(len(f.body)))
	}
	h = le.AppendUint32(le.AppendUint32(h, 0), 0x20)
	h = le.AppendUint32(h, ^crc32.ChecksumIEEE([]byte(f.body)))
	h = append(h, f.method, 3, 12, 0, 0, 0)
	h = append(le.AppendUint16(h, uint16(len(f.name))), f.name...)
	if f.comment != "" {
		h = append(le.AppendUint16(h, uint16(len(f.comment))), f.comment...)
	}
	if f.edit != nil {
		f.edit(h)
	}
	head := sealed(h)
	if f.after != nil {
		f.after(head)
	}
	return append(head, f.packed...)
}

// sealed puts checksum and size before a header.
func sealed(h []byte) []byte {
	out := binary.LittleEndian.AppendUint16(nil, uint16(^crc32.ChecksumIEEE(h)))
	return append(binary.LittleEndian.AppendUint16(out, uint16(len(h))), h...)
}

func mainHeader(flags uint16, rest string) []byte {
	h := binary.LittleEndian.AppendUint16([]byte{typeMain}, flags)
	h = append(h, signature...)
	return sealed(append(append(h, 10, 20, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), rest...))
}

func forge(files ...forged) []byte {
	out := mainHeader(0, "")
	for _, f := range files {
		out = append(out, f.bytes()...)
	}
	return out
}

// lzPayload is the marker's file.
func lzPayload(f forged) forged {
	f.name, f.body, f.method, f.packed = `d\p.js`, archivetest.Payload, methodLZ77, payloadLZ77
	return f
}

func TestHonest(t *testing.T) {
	solid := forge(forged{name: "a", body: solidBefore}, forged{name: "p.js", body: archivetest.Payload, method: methodLZ77, packed: payloadSolid, flags: flagSolid})
	for name, data := range map[string][]byte{
		"stored":   forge(forged{name: "p.js", body: archivetest.Payload}),
		"lz77":     forge(lzPayload(forged{})),
		"wide":     forge(lzPayload(forged{wide: true})),
		"blocked":  forge(forged{name: "p.js", body: archivetest.Payload, method: methodBlocked, packed: payloadBlocked}),
		"solid":    solid,
		"recovery": append(forge(lzPayload(forged{})), append(sealed([]byte("\x02\x01\x00\x05\x00\x00\x00**ACE**\x00\x00\x00\x00")), "RRRRR"...)...),
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil || !archivetest.Holds(all) || !archivetest.Detects(data, Format) {
				t.Fatalf("%v\n%s", err, archivetest.Listing(all))
			}
			for _, g := range all {
				if g.Fault != nil || g.CRC32 != crc32.ChecksumIEEE([]byte(g.Data)) {
					t.Errorf("%q: %v", g.Names, g.Fault)
				}
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
		})
	}
	// A solid member whose forerunner is not read.
	r, err := level.Open(Format, strings.NewReader(string(solid)), int64(len(solid)), level.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r.Next()
	r.Next()
	body := make([]byte, len(archivetest.Payload))
	if n, err := r.Read(body); string(body[:n]) != archivetest.Payload[:n] || n == 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestComments(t *testing.T) {
	size := string([]byte{byte(len(packedComment)), 0})
	data := append(mainHeader(flagComment|flagAdvert, "\x04test"+size+packedComment), lzPayload(forged{comment: packedComment}).bytes()...)
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 3 || all[0].Data != "a comment" || all[2].Data != "a comment" || all[2].Reading != "comment" || all[2].Names[0] != "d/p.js" || len(r.Anomalies()) > 0 {
		t.Fatalf("%v\n%s", err, archivetest.Listing(all))
	}
	all, _, _ = archivetest.ReadAll(t, Format, forge(lzPayload(forged{comment: packedComment[:len(packedComment)-8]})))
	if len(all) != 2 || !errors.Is(all[1].Fault, level.ErrMalformed) || !strings.HasPrefix("a comment", all[1].Data) {
		t.Errorf("cut: %s", archivetest.Listing(all))
	}
}

func forgeds() map[string]archivetest.Forged {
	o := forged{name: "o.txt", body: "harmless"}
	with := func(f forged) []byte { return forge(o, lzPayload(f)) }
	edit := func(f func(raw []byte)) []byte { return with(forged{edit: f}) }
	damaged := forge(o, lzPayload(forged{}))
	damaged[len(mainHeader(0, ""))+headFixed+3]++ // packed size of the first file
	lost := forge(o, lzPayload(forged{}))
	copy(lost[len(mainHeader(0, "")):], "\xff\xff\xff\xff\xff")
	return map[string]archivetest.Forged{
		"stub":       {Data: append([]byte("MZ\x90 a program **ACE** that unpacks"), with(forged{})...), Anomaly: anomaly.Prepended},
		"appended":   {Data: append(with(forged{}), "junk"...), Anomaly: anomaly.Appended},
		"gap":        {Data: append(append(forge(o), "junk"...), lzPayload(forged{}).bytes()...), Anomaly: anomaly.Gap},
		"sum":        {Data: with(forged{after: func(h []byte) { h[0]++ }}), Anomaly: anomaly.HeaderCRC},
		"damaged":    {Data: damaged, Anomaly: anomaly.HeaderCRC},
		"lost":       {Data: lost, Anomaly: anomaly.Gap},
		"crc":        {Data: edit(func(h []byte) { h[3+8+8]++ }), Anomaly: anomaly.CRC},
		"size-large": {Data: edit(func(h []byte) { h[3+7] = 0x7f }), Anomaly: anomaly.Size},
		"packed":     {Data: edit(func(h []byte) { h[3+3] = 0x7f }), Anomaly: anomaly.Truncated},
		"wide-huge":  {Data: with(forged{wide: true, edit: func(h []byte) { h[3+8+7] = 0xff }}), Anomaly: anomaly.Size},
		"dir":        {Data: edit(func(h []byte) { h[3+8+4] = attrFolder }), Anomaly: anomaly.DirData},
		"nameless":   {Data: forge(forged{body: archivetest.Payload}), Anomaly: anomaly.NameEmpty},
		"main-twice": {Data: append(forge(o), with(forged{})...), Anomaly: ""},
		"main-sum":   {Data: append([]byte{1}, with(forged{})[1:]...), Anomaly: anomaly.HeaderCRC},
	}
}

func TestForged(t *testing.T) { archivetest.FindForged(t, Format, forgeds()) }

func TestClasses(t *testing.T) {
	for name, c := range map[string]struct {
		f    forged
		want error
	}{
		"method":    {forged{name: "a", body: "b", method: 3}, level.ErrUnsupported},
		"encrypted": {forged{name: "a", body: "bbbbbbbb", flags: flagPassword}, level.ErrEncrypted},
		"before":    {lzPayload(forged{flags: flagBefore}), level.ErrUnsupported},
		"after":     {lzPayload(forged{flags: flagAfter}), level.ErrUnsupported},
		"corrupt":   {forged{name: "a", body: strings.Repeat("\xff", 40), method: methodLZ77}, level.ErrMalformed},
	} {
		all, _, err := archivetest.ReadAll(t, Format, forge(c.f))
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, c.want) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
	all, _, _ := archivetest.ReadAll(t, Format, forge(
		forged{name: "a", body: "bbbbbbbb", flags: flagPassword}, forged{name: "b", body: "b", flags: flagSolid}, forged{name: "c", body: "c"}))
	if len(all) != 3 || !errors.Is(all[1].Fault, level.ErrEncrypted) || all[2].Data != "c" {
		t.Errorf("behind what is encrypted:\n%s", archivetest.Listing(all))
	}
	far := forge(lzPayload(forged{}))
	if all, _ := readWith(t, far, level.Limits{Dictionary: 1}); len(all) != 1 || all[0].Fault != nil {
		t.Errorf("small dictionary:\n%s", archivetest.Listing(all))
	}
}

func TestNotAce(t *testing.T) {
	for _, data := range []string{"", "**ACE**", "a text about **ACE** archives and how they begin", string(forge()[:20])} {
		if archivetest.Detects([]byte(data), Format) {
			t.Errorf("%.20q is detected", data)
		}
		if _, _, err := archivetest.ReadAll(t, Format, []byte(data)); !errors.Is(err, level.ErrFormat) {
			t.Errorf("%.20q: %v", data, err)
		}
	}
}

func TestSource(t *testing.T) {
	archivetest.SourceFails(t, map[string]archivetest.Sample{"ace": {Format: Format, Data: forge(forged{name: "a", body: "b"}, lzPayload(forged{comment: packedComment}))}})
}

func FuzzAce(f *testing.F) {
	for _, c := range forgeds() {
		f.Add(c.Data)
	}
	f.Add(forge(forged{name: "p.js", body: archivetest.Payload, method: methodBlocked, packed: payloadBlocked}, lzPayload(forged{comment: packedComment})))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each packed member costs its codes and buffers.
		archivetest.FuzzReadLimits(t, Format, data, 24<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 64 << 10})
	})
}
