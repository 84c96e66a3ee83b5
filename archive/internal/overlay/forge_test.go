package overlay

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"testing"
)

// peForge is a program with a section of code and one of resources.
type peForge struct {
	wide      bool
	resources []byte // the section's content
	cert      []byte // appended, and named by the header
	before    []byte // between the sections and the certificates
	after     []byte // at the end
	pad       int    // bytes between the DOS header and the PE header
}

const peForgeRsrc = 0x2000 // address of the resources

func (f peForge) image() []byte {
	le := binary.LittleEndian
	start := 64 + f.pad
	optional, dirs := 224, 96
	if f.wide {
		optional, dirs = 240, 112
	}
	b := make([]byte, (start+24+optional+80+511)&^511)
	headers := len(b)
	copy(b, "MZ")
	le.PutUint16(b[8:], 4)
	le.PutUint16(b[24:], 64)
	le.PutUint32(b[60:], uint32(start))
	pe := b[start:]
	copy(pe, "PE\x00\x00")
	le.PutUint16(pe[6:], 2)
	le.PutUint16(pe[20:], uint16(optional))
	opt := pe[24:]
	le.PutUint16(opt, 0x10b)
	if f.wide {
		le.PutUint16(opt, 0x20b)
	}
	le.PutUint32(opt[60:], uint32(headers))
	le.PutUint32(opt[dirs-4:], 16)
	le.PutUint32(opt[dirs+16:], peForgeRsrc)
	le.PutUint32(opt[dirs+20:], uint32(len(f.resources)))
	for i, body := range [][]byte{[]byte("code"), f.resources} {
		s := opt[optional+40*i:]
		raw := append(bytes.Clone(body), make([]byte, -len(body)&511)...)
		le.PutUint32(s[8:], uint32(len(body)))
		le.PutUint32(s[12:], uint32(0x1000*(i+1)))
		le.PutUint32(s[16:], uint32(len(raw)))
		le.PutUint32(s[20:], uint32(len(b)))
		b = append(b, raw...)
		opt = b[start+24:]
	}
	b = append(b, f.before...)
	if len(f.cert) > 0 {
		b = append(b, make([]byte, -len(b)&7)...)
		opt := b[start+24:]
		le.PutUint32(opt[dirs+32:], uint32(len(b)))
		le.PutUint32(opt[dirs+36:], uint32(len(f.cert)))
		b = append(b, f.cert...)
	}
	return append(b, f.after...)
}

// resourcesOf is a resource section with one resource of that type and name.
func resourcesOf(kind uint32, name string, body []byte) []byte {
	le := binary.LittleEndian
	b := make([]byte, 160)
	level := func(at int, id, next uint32) {
		le.PutUint16(b[at+14:], 1)
		le.PutUint32(b[at+16:], id)
		le.PutUint32(b[at+20:], next)
	}
	level(0, kind, 1<<31|24)
	level(24, 1<<31|96, 1<<31|48)
	level(48, 1033, 72)
	le.PutUint32(b[72:], peForgeRsrc+160)
	le.PutUint32(b[76:], uint32(len(body)))
	le.PutUint16(b[96:], uint16(len(name)))
	for i, c := range []byte(name) {
		b[98+2*i] = c
	}
	return append(b, body...)
}

// lnkOf is a shortcut with all the parts that can stand before its end.
func lnkOf() []byte {
	b := make([]byte, 76)
	copy(b, "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46")
	binary.LittleEndian.PutUint32(b[20:], 0xff)
	b = append(b, 4, 0, 0, 0, 0, 0)                                 // ID list
	b = append(b, 28, 0, 0, 0)                                      // link info
	b = append(b, make([]byte, 24)...)                              //
	b = append(b, bytes.Repeat([]byte("\x02\x00x\x00y\x00"), 5)...) // strings
	b = append(b, 12, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)              // an extra block
	return append(b, 0, 0, 0, 0)
}

// classOf is a class without members.
func classOf() []byte {
	return []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x06\x07\x00\x02\x01\x00\x01A\x05\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x02" +
		"\x00\x21\x00\x01\x00\x00\x00\x00" + "\x00\x01\x00\x00\x00\x02\x00\x02\x00\x01\x00\x02\x00\x00\x00\x03abc" + "\x00\x00" + "\x00\x00")
}

func pixels() image.Image {
	m := image.NewPaletted(image.Rect(0, 0, 60, 40), palette.Plan9)
	for i := range m.Pix {
		m.Pix[i] = byte(i * i)
	}
	return m
}

// honestOuters are whole files of the kinds that have an end.
func honestOuters(t testing.TB) map[string][]byte {
	t.Helper()
	var j, p, g bytes.Buffer
	if jpeg.Encode(&j, pixels(), nil) != nil || png.Encode(&p, pixels()) != nil || gif.Encode(&g, pixels(), nil) != nil {
		t.Fatal("no images")
	}
	le := binary.LittleEndian
	bmp := make([]byte, 54+40*60*3)
	copy(bmp, "BM")
	le.PutUint32(bmp[10:], 54)
	le.PutUint32(bmp[14:], 40)
	le.PutUint32(bmp[18:], 60)
	le.PutUint32(bmp[22:], 40)
	le.PutUint16(bmp[26:], 1)
	le.PutUint16(bmp[28:], 24)
	ico := append([]byte("\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00"), make([]byte, 8)...)
	le.PutUint32(ico[14:], uint32(p.Len()))
	le.PutUint32(ico[18:], 22)
	wav := append([]byte("RIFF\x00\x00\x00\x00WAVEdata\x10\x00\x00\x00"), make([]byte, 16)...)
	le.PutUint32(wav[4:], uint32(len(wav)-8))
	mp4 := []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x10moov12345678")
	cab := make([]byte, 100)
	copy(cab, "MSCF")
	le.PutUint32(cab[8:], 100)
	seven := make([]byte, 50)
	copy(seven, "7z\xbc\xaf\x27\x1c")
	le.PutUint64(seven[12:], 8)
	le.PutUint64(seven[20:], 10)
	dos := make([]byte, 600)
	copy(dos, "MZ")
	le.PutUint16(dos[2:], 600-512)
	le.PutUint16(dos[4:], 2)
	le.PutUint16(dos[8:], 4)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	elf, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"jpeg": j.Bytes(), "png": p.Bytes(), "gif": g.Bytes(), "bmp": bmp, "ico": append(ico, p.Bytes()...), "wav": wav, "mp4": mp4,
		"rar4": []byte("Rar!\x1a\x07\x00" + "\x00\x00\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00" +
			"\x00\x00\x74\x00\x80\x20\x00\x05\x00\x00\x00" + string(make([]byte, 21)) + "stuff" + "\x00\x00\x7b\x00\x40\x07\x00"),
		"rar5": []byte("Rar!\x1a\x07\x01\x00" + "\x00\x00\x00\x00\x03\x01\x00\x00" +
			"\x00\x00\x00\x00\x05\x02\x02\x05\x00\x00stuff" + "\x00\x00\x00\x00\x03\x05\x00\x00"),
		"cab": cab, "7z": seven, "dos": dos, "lnk": lnkOf(), "class": classOf(), "elf": elf,
		"pdf":   []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n2 0 obj\nstartxref\n9\n%%EOF\r\n"),
		"macho": machoOf(), "pe": peForge{}.image(), "pe+": peForge{wide: true, pad: 3000}.image(),
		"pe-signed": peForge{cert: bytes.Repeat([]byte("certificate."), 20)}.image(),
	}
}

// machoOf is a program of one segment.
func machoOf() []byte {
	b := make([]byte, 200)
	le := binary.LittleEndian
	le.PutUint32(b, 0xfeedfacf)
	le.PutUint32(b[16:], 1)
	le.PutUint32(b[32:], 0x19)
	le.PutUint32(b[36:], 72)
	le.PutUint64(b[32+48:], 200)
	return b
}
