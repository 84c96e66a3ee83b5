package bombs

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

var documents = []Bomb{
	attached("pdf-chain", "a.pdf", func() []byte {
		data := []byte("text")
		filters := ""
		for range 100 {
			data = zlibOf(data)
			filters += "/FlateDecode "
		}
		return pdfOf(pdfStream("/Filter ["+filters+"]", data))
	}),
	attached("pdf-chains", "a.pdf", func() []byte {
		// Zeros that were packed five times, in many streams.
		data := make([]byte, 90<<20)
		for range 5 {
			data = zlibOf(data)
		}
		return pdfOf(slices.Repeat([]string{pdfStream("/Filter [/FlateDecode /FlateDecode /FlateDecode /FlateDecode /FlateDecode]", data)}, 10_000)...)
	}),
	attached("pdf-objects", "a.pdf", func() []byte { return pdfOf(slices.Repeat([]string{"null"}, 2_000_000)...) }),
	attached("pdf-streams", "a.pdf", func() []byte {
		return pdfOf(slices.Repeat([]string{pdfStream("/Filter /FlateDecode", zlibOf([]byte("x")))}, 300_000)...)
	}),
	attached("pdf-embedded", "a.pdf", func() []byte {
		return pdfOf(slices.Repeat([]string{pdfStream("/Type /EmbeddedFile /Filter /FlateDecode", zlibOf([]byte("x")))}, 300_000)...)
	}),
	attached("pdf-object-streams", "a.pdf", func() []byte {
		var head, body strings.Builder
		n := 200_000
		for i := range n {
			fmt.Fprintf(&head, "%d %d ", 100+i, body.Len())
			body.WriteString("[0] ")
		}
		raw := zlibOf([]byte(head.String() + body.String()))
		one := pdfStream(fmt.Sprintf("/Type /ObjStm /N %d /First %d /Filter /FlateDecode", n, head.Len()), raw)
		return pdfOf(slices.Repeat([]string{one}, fileBytes/len(one))...)
	}),
	attached("pdf-tables", "a.pdf", func() []byte {
		return pdfOf(pdfStream("/Filter /FlateDecode", append([]byte("\x78\x9c"), tables(fileBytes, false)...)))
	}),
	attached("pdf-lzw-clears", "a.pdf", func() []byte {
		return pdfOf(pdfStream("/Filter /LZWDecode", fill([]byte{0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01, 0x00}, fileBytes)))
	}),
	attached("pdf-predictor", "a.pdf", func() []byte {
		return pdfOf(slices.Repeat([]string{pdfStream("/Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 32 /BitsPerComponent 16 /Columns 1 >>", zlibOf(bytes.Repeat([]byte{4}, 30<<20)))}, 20)...)
	}),
	attached("pdf-nesting", "a.pdf", func() []byte { return pdfOf(strings.Repeat("[", fileBytes)) }),
	attached("pdf-dictionaries", "a.pdf", func() []byte { return pdfOf("<< " + strings.Repeat("/A << ", fileBytes/6)) }),
	attached("pdf-strings", "a.pdf", func() []byte { return pdfOf(strings.Repeat("(", fileBytes)) }),
	attached("pdf-names", "a.pdf", func() []byte { return pdfOf(strings.Repeat("/#41#42", fileBytes/7)) }),
	attached("pdf-endstreams", "a.pdf", func() []byte { return pdfOf(strings.Repeat("<<>> stream\nendstream ", fileBytes/22)) }),
	attached("pdf-opened-streams", "a.pdf", func() []byte { return pdfOf(slices.Repeat([]string{"<</Length 9>>stream\n"}, 1_000_000)...) }),
	attached("pdf-references", "a.pdf", func() []byte {
		var all []string
		for i := range 500_000 {
			all = append(all, fmt.Sprintf("<</Length %d 0 R/Filter %d 0 R>>stream\nx\nendstream", i+2, i+2))
		}
		return pdfOf(all...)
	}),
	{"pdf-locked-keys", func() ([]byte, error) {
		all := []string{fmt.Sprintf("<</Filter/Standard/V 5/R 6/Length 256/P -4/U<%x>/O<%x>/UE<%x>/OE<%x>/Perms<%x>/CF<</StdCF<</CFM/AESV3>>>>/StmF/StdCF/StrF/StdCF>>",
			noise(48, 1), noise(48, 2), noise(32, 3), noise(32, 4), noise(16, 5))}
		data := pdfOf(append(all, slices.Repeat([]string{pdfStream("/Type /EmbeddedFile", noise(64, 6))}, 100)...)...)
		data = append(data, "trailer <</Encrypt 1 0 R/ID[<00><00>]>>\n"...)
		return mail(candidates(100_000), "a.pdf", data), nil
	}},
	{"pdf-locked-old-keys", func() ([]byte, error) {
		all := []string{fmt.Sprintf("<</Filter/Standard/V 4/R 4/Length 128/P -4/U<%x>/O<%x>/CF<</StdCF<</CFM/V2>>>>/StmF/StdCF/StrF/StdCF>>", noise(32, 1), noise(32, 2))}
		data := pdfOf(append(all, slices.Repeat([]string{pdfStream("/Type /EmbeddedFile", noise(64, 6))}, 100)...)...)
		data = append(data, "trailer <</Encrypt 1 0 R/ID[<00><00>]>>\n"...)
		return mail(candidates(100_000), "a.pdf", data), nil
	}},
	attached("rtf-nesting", "a.rtf", func() []byte { return []byte("{\\rtf1" + strings.Repeat("{", fileBytes)) }),
	attached("rtf-objects", "a.rtf", func() []byte {
		return append([]byte("{\\rtf1"), fill([]byte("{\\object{\\*\\objdata 0105000002000000}}"), fileBytes)...)
	}),
	attached("rtf-hex", "a.rtf", func() []byte {
		return []byte("{\\rtf1{\\object{\\*\\objdata " + strings.Repeat("0 1\r\n", fileBytes/5) + "}}")
	}),
	attached("rtf-words", "a.rtf", func() []byte { return append([]byte("{\\rtf1"), fill([]byte("\\a0"), fileBytes)...) }),
	attached("rtf-bin", "a.rtf", func() []byte {
		return append([]byte("{\\rtf1{\\object{\\*\\objdata "), fill([]byte("\\bin1 x0"), fileBytes)...)
	}),
	attached("html-data-uris", "a.html", func() []byte {
		return append([]byte("<html>"), fill([]byte("<a href=\"data:text/html;base64,PGI+eDwvYj4=\">x</a>"), fileBytes)...)
	}),
	attached("html-open-uris", "a.html", func() []byte { return append([]byte("<html>"), fill([]byte("data:"), fileBytes)...) }),
	attached("html-long-uris", "a.html", func() []byte { return append([]byte("<html>"), fill([]byte("data:,data:;base64,data:"), fileBytes)...) }),
	attached("html-scripts", "a.html", func() []byte {
		return append([]byte("<html>"), fill([]byte("<script>x='TVqQAAMAAAAEAAAA'</script>"), fileBytes)...)
	}),
	attached("html-base64", "a.html", func() []byte {
		return append([]byte("<html><script>x='"), fill([]byte("TVqQAAMAAAAEAAAA"), fileBytes)...)
	}),
	attached("html-tags", "a.html", func() []byte { return append([]byte("<html>"), fill([]byte("<"), fileBytes)...) }),
	attached("html-entities", "a.html", func() []byte { return append([]byte("<html>"), fill([]byte("&#100;&#97;ta&colon;,"), fileBytes)...) }),
	attached("html-nested-uris", "a.html", func() []byte {
		page := []byte("<html>innermost")
		for range 30 {
			page = []byte("<html><a href=\"data:text/html;base64," + base64.StdEncoding.EncodeToString(page) + "\">" + strings.Repeat("text ", 20))
		}
		return page
	}),
	attached("ole-streams", "a.doc", func() []byte { return cfb(200_000, false) }),
	attached("ole-loops", "a.doc", func() []byte { return cfb(9000, true) }),
	attached("tnef-attributes", "winmail.dat", func() []byte {
		return append([]byte("\x78\x9f\x3e\x22\x01\x00"), fill([]byte("\x02\x02\x90\x06\x00\x00\x00\x00\x00\x00\x00"), fileBytes)...)
	}),
	attached("one-objects", "a.one", func() []byte {
		head := []byte("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3")
		object := []byte("\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x")
		return append(head, fill(object, fileBytes)...)
	}),
	attached("p7m-nesting", "a.p7m", func() []byte { return fill([]byte("\x30\x80"), fileBytes) }),
	attached("p7m-pieces", "a.p7m", func() []byte {
		head := []byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x24\x80")
		return append(head, fill([]byte("\x04\x01x"), fileBytes)...)
	}),
	attached("pe-appended", "a.exe", func() []byte {
		// The first bytes of many formats, one after the other.
		all := "MZ\x90\x00PK\x03\x04\x14\x00\x00\x00\x00\x00Rar!\x1a\x07\x007z\xbc\xaf\x27\x1c MSCF\x00\x00\x00\x00\x60\xea\x1e\x00 -lh5-\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1%PDF-1.4\n{\\rtf1ITSF\x1f\x8b\x08\x00BZh91AY&SY\xfd7zXZ\x00\xef\xbe\xad\xdeNullsoftInst"
		return fill([]byte(all), fileBytes)
	}),
}

func zlibOf(data []byte) []byte {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, 9)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func pdfStream(dictionary string, data []byte) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", dictionary, len(data), data)
}

// pdfOf is objects, up to the size that a file has.
func pdfOf(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	for i, o := range objects {
		if b.Len() > fileBytes {
			break
		}
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("%%EOF\n")
	return b.Bytes()
}

// cfb is a compound file of n streams of one sector each, or of all of them in one
// sector that follows itself.
func cfb(n int, loop bool) []byte {
	const free, end, fatSector = 0xffffffff, 0xfffffffe, 0xfffffffd
	dirs := (n + 1 + 3) / 4
	fats := (dirs + 10 + 127) / 127
	head := join("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", make([]byte, 16), uint16(0x3e), uint16(3), uint16(0xfffe), uint16(9), uint16(6), make([]byte, 6), uint32(0), uint32(fats), uint32(fats), uint32(0), uint32(0), uint32(end), uint32(0), uint32(end), uint32(0))
	for i := range 109 {
		v := uint32(free)
		if i < fats {
			v = uint32(i)
		}
		head = le.AppendUint32(head, v)
	}
	var fat, dir []byte
	for range fats {
		fat = le.AppendUint32(fat, fatSector)
	}
	for i := range dirs {
		next := uint32(fats + i + 1)
		if i == dirs-1 {
			next = end
		}
		fat = le.AppendUint32(fat, next)
	}
	body := uint32(fats + dirs)
	if loop {
		fat = le.AppendUint32(fat, body)
	} else {
		fat = le.AppendUint32(fat, end)
	}
	for len(fat) < fats*512 {
		fat = le.AppendUint32(fat, free)
	}
	entry := func(name string, kind byte, right, child, at uint32, size uint64) {
		var units []byte
		for _, u := range utf16.Encode([]rune(name)) {
			units = le.AppendUint16(units, u)
		}
		length := len(units) + 2
		units = append(units, make([]byte, 64-len(units))...)
		dir = append(dir, join(units, uint16(length), kind, byte(1), uint32(free), right, child, make([]byte, 36), at, size)...)
	}
	entry("Root Entry", 5, free, 1, end, 0)
	size := uint64(4096)
	if loop {
		size = 100 << 20
	}
	for i := 1; i <= n; i++ {
		right := uint32(i + 1)
		if i == n {
			right = free
		}
		entry(hex.EncodeToString(join(uint32(i))), 2, right, free, body, size)
	}
	dir = append(dir, make([]byte, dirs*512-len(dir))...)
	return slices.Concat(head[:512], fat, dir, bytes.Repeat([]byte("x"), 512))
}
