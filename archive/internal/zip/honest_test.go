package zip

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// honestPackages make packages as their usual tools do, in a folder with the files
// text.xml, content.xml, A.java and noise.png. Each writes OUT.
var honestPackages = map[string][]string{
	"jar":            {"jar", "jar -cf OUT text.xml content.xml noise.png"},
	"jar-stored":     {"jar", "jar -c0f OUT text.xml content.xml noise.png"},
	"jar-updated":    {"jar", "jar -cf OUT text.xml && jar -uf OUT content.xml noise.png"},
	"zip":            {"zip", "zip -qr OUT text.xml content.xml noise.png d"},
	"zip-pipe":       {"zip", "zip -qr - text.xml content.xml noise.png d | cat > OUT"},
	"zip-fz":         {"zip", "zip -qr -fz OUT text.xml d"},
	"zip-bzip2":      {"zip", "zip -qr -Z bzip2 OUT text.xml noise.png"},
	"zip-commented":  {"zip", "echo a comment | zip -qz OUT text.xml"},
	"odf":            {"zip", "printf application/vnd.oasis.opendocument.text > mimetype && zip -q0X OUT mimetype && zip -qrDX OUT content.xml text.xml -x mimetype"},
	"7z":             {"7z", "7z a -tzip OUT text.xml content.xml noise.png d"},
	"7z-utf8":        {"7z", "cp text.xml 'Gr\u00fc\u00dfe \u65e5\u672c.xml' && 7z a -tzip OUT 'Gr\u00fc\u00dfe \u65e5\u672c.xml'"},
	"bsdtar":         {"bsdtar", "bsdtar --format zip -cf OUT text.xml content.xml noise.png d"},
	"bsdtar-stored":  {"bsdtar", "bsdtar --format zip --options zip:compression=store -cf OUT text.xml noise.png"},
	"python":         {"python3", "python3 -m zipfile -c OUT text.xml content.xml noise.png d"},
	"python-streams": {"python3", "python3 -c \"import zipfile,sys\nz=zipfile.ZipFile(sys.stdout.buffer,'w',zipfile.ZIP_DEFLATED)\nfor n in ('text.xml','noise.png'): z.write(n)\nz.writestr('xl/',b'')\nz.close()\" | cat > OUT"},
	"python-zip64":   {"python3", "python3 -c \"import zipfile\nz=zipfile.ZipFile('OUT','w')\nwith z.open('big','w',force_zip64=True) as f: f.write(b'x'*1000)\nz.close()\""},
	"python-lzma":    {"python3", "python3 -c \"import zipfile\nfor m in (12,14):\n  z=zipfile.ZipFile('OUT','w' if m==12 else 'a',m)\n  z.write('text.xml',str(m))\n  z.close()\""},
	"ooxml":          {"python3", "python3 -c \"import zipfile\nz=zipfile.ZipFile('OUT','w',zipfile.ZIP_DEFLATED)\nfor n in ('[Content_Types].xml','_rels/.rels','word/document.xml','word/media/image1.png'): z.write('noise.png' if n.endswith('png') else 'content.xml',n)\nz.close()\""},
	// Alignment as for Android: extra fields of zeros.
	"apk":    {"python3", "python3 -c \"import zipfile\nz=zipfile.ZipFile('OUT','w')\nfor i in range(4):\n  e=zipfile.ZipInfo('res/%d.png'%i); e.extra=b'\\\\0'*3 if i%2 else b'\\\\x35\\\\xd9\\\\x06\\\\0\\\\4\\\\0\\\\0\\\\0\\\\0\\\\0'\n  z.writestr(e,open('noise.png','rb').read())\nz.close()\""},
	"nested": {"zip", "zip -q a.zip text.xml && zip -q0 b.zip a.zip noise.png && zip -q OUT a.zip b.zip"},
}

// TestZipHonest: packages that real tools write have no anomalies and no errors,
// and 7-Zip's count of members.
func TestZipHonest(t *testing.T) {
	noise := append([]byte("\x89PNG"), archivetest.SampleBodies()["noise"]...)
	for name, c := range honestPackages {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(c[0]); err != nil {
				t.Skip(err)
			}
			dir := t.TempDir()
			for file, body := range map[string]string{"text.xml": archivetest.Text(20_000), "content.xml": "<a>" + archivetest.Text(300_000) + "</a>", "noise.png": string(noise), "d/empty": "", "d/e/small": "small"} {
				p := filepath.Join(dir, file)
				os.MkdirAll(filepath.Dir(p), 0o700)
				if err := os.WriteFile(p, []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("sh", "-c", strings.ReplaceAll(c[1], "OUT", "out.zip"))
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8")
			if b, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, b)
			}
			data, err := os.ReadFile(filepath.Join(dir, "out.zip"))
			if err != nil {
				t.Fatal(err)
			}
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil || len(all) == 0 {
				t.Fatalf("%d members, %v", len(all), err)
			}
			for _, g := range all {
				if g.Fault != nil || g.Err != nil || g.Reading != "central+local" {
					t.Errorf("%q: %s %v %v", g.Names, g.Reading, g.Fault, g.Err)
				}
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
			if n := bytes.Count(data, sigCentral); name != "nested" && len(all) != n {
				t.Errorf("%d members of %d", len(all), n)
			}
			if !archivetest.Detects(data, Format) {
				t.Error("not detected")
			}
		})
	}
}

// TestZipConstants: programs that read and write zip hold its signatures as constants, amid
// code and other constants.
func TestZipConstants(t *testing.T) {
	code := "\x55\x8b\xec\x00\x00\x8d\x45\x08\x50\xe8\x10\x00\x00\x00"
	for name, constant := range map[string]string{
		"table":   string(sigLocal) + strings.Repeat("\x00", 12) + "\x00\x00\x00\x00\x00\x04\x00\x00\x00\x8f\x84\x06\x10\x7a\x00\x00",
		"compare": string(sigLocal) + "\x74\x22\xff\x75\x08\x68\xe4\x73\x19\x1e\x83\xc4\x04\x33\xe8\x28\x00\x82\x10\xc4\x0c\x00\x57\xff",
		"jump":    string(sigLocal) + "\x0f\x00\x85\x00\x08\x00\x00\xc7\x45\xf0\x00\x00\x00\x00\x8b\x4d\x08\x51\xe8\x10\x40\x00\x10\x00",
	} {
		data := "MZ" + strings.Repeat(code, 100) + constant + strings.Repeat(code, 9000)
		if archivetest.Detects([]byte(data), Format) {
			t.Errorf("%s: detected", name)
		}
	}
}

// TestZipEmptyBody: an empty file may have a method and no stream of it, with and without
// a data descriptor. What stands in its place is read all the same.
func TestZipEmptyBody(t *testing.T) {
	streamed := func(h *head) { h.flags, h.crc, h.csize, h.usize = flagDescriptor, 0, 0, 0 }
	descriptor := string(sigDescriptor) + strings.Repeat("\x00", 12)
	for name, c := range map[string]struct {
		entry entry
		fault bool
		size  int
	}{
		"sized":     {entry: entry{raw: []byte{}}},
		"streamed":  {entry: entry{raw: []byte{}, local: streamed, after: descriptor}},
		"claimed":   {entry: entry{raw: []byte{}, local: func(h *head) { h.usize = 1 }}, fault: true},
		"with CRC":  {entry: entry{raw: []byte{}, central: func(h *head) { h.crc = 1 }}, fault: true},
		"with data": {entry: entry{raw: []byte{}, after: string(archivetest.Pack(8, "surplus"))}, fault: true, size: 7},
	} {
		e := c.entry
		e.name, e.method = "empty", 8
		all, _, err := archivetest.ReadAll(t, Format, forge([]entry{e, listed("o", "harmless", 8)}, nil, ""))
		if err != nil || len(all) < 2 {
			t.Fatalf("%s: %d members, %v", name, len(all), err)
		}
		if g := all[0]; (g.Fault != nil) != c.fault || len(g.Data) != c.size {
			t.Errorf("%s: %q, %v", name, g.Data, g.Fault)
		}
	}
}
