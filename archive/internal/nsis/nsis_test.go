package nsis

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// setup makes an installer without a program in front: a first header, the script
// as it is, and files.
func setup(files map[string]string, order ...string) []byte {
	var strs, entries, blocks bytes.Buffer
	strs.WriteByte(0)
	for _, name := range order {
		body := files[name]
		entry := [7]uint32{20, 0, uint32(strs.Len()), uint32(blocks.Len())}
		binary.Write(&entries, binary.LittleEndian, entry)
		strs.WriteString(name + "\x00")
		binary.Write(&blocks, binary.LittleEndian, uint32(len(body)))
		blocks.WriteString(body)
	}
	script := make([]byte, 4+8*8)
	binary.LittleEndian.PutUint32(script[nsisEntries:], uint32(len(script)))
	binary.LittleEndian.PutUint32(script[nsisEntries+4:], uint32(len(order)))
	binary.LittleEndian.PutUint32(script[nsisStrings:], uint32(len(script)+entries.Len()))
	script = append(append(script, entries.Bytes()...), strs.Bytes()...)
	var out bytes.Buffer
	out.Write([]byte{nsisNoCRC, 0, 0, 0})
	out.WriteString(nsisMagic)
	binary.Write(&out, binary.LittleEndian, []uint32{uint32(len(script)), uint32(nsisHead + 4 + len(script) + blocks.Len()), uint32(len(script))})
	out.Write(script)
	out.Write(blocks.Bytes())
	return out.Bytes()
}

func TestNSISStored(t *testing.T) {
	setup := setup(map[string]string{"a.exe": "MZ" + archivetest.Marker, "dir\\b.txt": "text"}, "a.exe", "dir\\b.txt")
	for name, data := range map[string][]byte{"alone": setup, "behind a program": append(bytes.Repeat([]byte("MZ\x90\x00"), 5000), setup...)} {
		all, r, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 2 || all[0].Data != "MZ"+archivetest.Marker || all[1].Names[0] != "dir/b.txt" || len(archivetest.NoteNames(all, r)) > 0 {
			t.Errorf("%s: %v %s", name, err, archivetest.Listing(all))
		}
		if !archivetest.Detects(data, Format) {
			t.Errorf("%s: not detected", name)
		}
	}
	for cut := range len(setup) {
		all, r, err := archivetest.ReadAll(t, Format, setup[:cut])
		if err == nil && (len(all) < 2 || all[1].Data != "text") && len(archivetest.NoteNames(all, r)) == 0 {
			t.Fatalf("cut at %d: silent", cut)
		}
	}
}

// What NSIS's own compiler makes is read, by whichever method.
func TestNSISJudge(t *testing.T) {
	compiler, err := exec.LookPath("makensis")
	if err != nil {
		t.Skip("makensis is not installed")
	}
	dir := t.TempDir()
	text := strings.Repeat("a text that compresses, "+archivetest.Marker+"\n", 4000)
	code := string(bytes.Repeat([]byte("\x55\x8b\xec\xe8\x10\x00\x00\x00\xc3"), 3000)) + archivetest.Marker
	files := map[string]string{"one.exe": code, "two words.txt": text, "tiny.bin": "x", "zwölf.txt": "twelve " + archivetest.Marker}
	script := ""
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		script += fmt.Sprintf("File %q\n", name)
	}
	for _, method := range []string{"zlib", "lzma", "/SOLID zlib", "/SOLID lzma", "bzip2", "/SOLID bzip2", "off"} {
		for _, unicode := range []string{"true", "false"} {
			t.Run(method+"/"+unicode, func(t *testing.T) {
				set := "SetCompressor " + method
				if method == "off" {
					set = "SetCompress off"
				}
				nsi := fmt.Sprintf("Unicode %s\n%s\nName test\nOutFile out.exe\nInstallDir $TEMP\\x\nPage instfiles\nSection\nSetOutPath $INSTDIR\n%sWriteUninstaller u.exe\nSectionEnd\nSection Uninstall\nSectionEnd\n",
					unicode, set, script)
				os.WriteFile(filepath.Join(dir, "t.nsi"), []byte("\ufeff"+nsi), 0o600)
				cmd := exec.Command(compiler, "-V1", "t.nsi")
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Skipf("makensis: %v: %s", err, out)
				}
				setup, err := os.ReadFile(filepath.Join(dir, "out.exe"))
				if err != nil {
					t.Fatal(err)
				}
				if !archivetest.Detects(setup, Format) {
					t.Fatal("not detected")
				}
				all, r, err := archivetest.ReadAll(t, Format, setup)
				if err != nil {
					t.Fatalf("%v after %s", err, archivetest.Listing(all))
				}
				if notes := archivetest.NoteNames(all, r); len(notes) > 0 {
					t.Errorf("honest, and odd: %v", notes)
				}
				for name, body := range files {
					found := false
					for _, g := range all {
						found = found || g.Names[0] == name && g.Data == body && g.Fault == nil
					}
					if !found {
						t.Errorf("%s is lost", name)
					}
				}
				if t.Failed() {
					for _, g := range all {
						t.Log(g.Names, g.Method, len(g.Data), g.Fault)
					}
				}
			})
		}
	}
}

func FuzzNSIS(f *testing.F) {
	f.Add(setup(map[string]string{"a.exe": "MZ" + archivetest.Marker}, "a.exe"))
	solid := setup(nil)[:nsisHead]
	f.Add(append(solid, "\x5d\x00\x00\x80\x00\x00\x10\x00\x00\x00"...))
	f.Add(append(solid, "\x01\x5d\x00\x00\x80\x00\x00\x10\x00\x00\x00"...))
	f.Add(append(solid, "\x63\x60\x60\x60\x00\x00"...))
	f.Add(append(solid, "1\x00\x00\x00\x80\x00\x00\x10"...))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 8<<20) })
}
