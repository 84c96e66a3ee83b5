//go:build cgo

package clamav_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/signatures/clamav"
	"github.com/fivefifty/fivefifty/signatures/yara"
)

// Whatever of the signatures that we load clamscan finds, we find, and the other
// way round.

// judge compares clamscan with us on files and databases, both by name.
func judge(t *testing.T, databases map[string]string, files map[string][]byte) {
	t.Helper()
	clamscan, err := exec.LookPath("clamscan")
	if err != nil {
		t.Skip("no clamscan")
	}
	dir := t.TempDir()
	dbs, subjects := filepath.Join(dir, "db"), filepath.Join(dir, "files")
	for folder, list := range map[string]map[string][]byte{dbs: bytesOf(databases), subjects: files} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, b := range list {
			if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	db, err := clamav.Load(clamav.Config{Paths: []string{dbs}})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range db.Warnings {
		t.Log(w)
	}
	theirs := theirFindings(t, clamscan, dbs, subjects)
	ours, loaded := ourFindings(t, db, files)
	hits := 0
	for name := range files {
		for _, sig := range slices.Sorted(slices.Values(append(slices.Clone(theirs[name]), ours[name]...))) {
			a, b := slices.Contains(theirs[name], sig), slices.Contains(ours[name], sig)
			if a && b {
				hits++
			} else if a != b && loaded(sig) {
				t.Errorf("%s: %s: clamscan %v, we %v", name, sig, a, b)
			}
		}
	}
	t.Logf("%d files, %+v, %d findings in common", len(files), db.Stats, hits/2)
	if hits == 0 {
		t.Error("nothing was found by either")
	}
}

func bytesOf(m map[string]string) map[string][]byte {
	out := map[string][]byte{}
	for name, text := range m {
		out[name] = []byte(text)
	}
	return out
}

func theirFindings(t *testing.T, clamscan, dbs, subjects string) map[string][]string {
	t.Helper()
	cmd := exec.Command(clamscan, "--allmatch", "--no-summary", "-d", dbs, "-r", subjects)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("clamscan: %v: %s", err, out)
	}
	found := map[string][]string{}
	for _, line := range strings.Split(string(out), "\n") {
		path, rest, ok := strings.Cut(line, ": ")
		name, ok2 := strings.CutSuffix(rest, ".UNOFFICIAL FOUND")
		if ok && ok2 && !slices.Contains(found[filepath.Base(path)], name) {
			found[filepath.Base(path)] = append(found[filepath.Base(path)], name)
		}
	}
	return found
}

// ourFindings returns the names found in each file, and whether we loaded a name.
func ourFindings(t *testing.T, db *clamav.Database, files map[string][]byte) (map[string][]string, func(string) bool) {
	t.Helper()
	var engines []scanner.Engine
	names := ""
	if len(db.Rules) > 0 {
		cfg := yara.Config{MaxMatches: 100_000}
		for _, s := range db.Rules {
			cfg.Sources = append(cfg.Sources, yara.Source(s))
			names += s.Text
		}
		e, warnings, err := yara.New(cfg)
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		t.Cleanup(func() { e.Close() })
		engines = append(engines, e)
	}
	if db.Members != nil {
		engines = append(engines, db.Members)
	}
	s, err := scanner.New(scanner.Config{Engines: engines})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for name, b := range files {
		report, err := s.ScanFile(context.Background(), name, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range report.Objects {
			for _, u := range o.Unchecked {
				if u.Reason == scanner.ReasonEngine {
					t.Fatal(u)
				}
			}
		}
		for _, f := range report.Findings() {
			if !slices.Contains(found[name], f.Signature) {
				found[name] = append(found[name], f.Signature)
			}
		}
	}
	return found, func(sig string) bool {
		return db.Members != nil && strings.HasPrefix(sig, "Cdb.") && !lost(db, sig) || strings.Contains(names, `"`+sig+`"`)
	}
}

func lost(db *clamav.Database, sig string) bool {
	return slices.ContainsFunc(db.Warnings, func(w clamav.Warning) bool { return w.Name == sig })
}

// binaryFile begins with bytes that make it no text, and has enough of them: ClamAV
// passes over files of a few bytes.
func binaryFile(s string) []byte { return []byte("\x00\x00\x00\x00\x00\x00\x00\x00" + s) }

var patterns = []string{
	"41424344", "4142??44", "414243?4", "41424?44", "4142*4546", "4142{2}4546", "4142{-3}4546", "4142{2-}4546", "4142{1-4}4546",
	"4142(43|44)4546", "4142(4344|4546)4142", "4142(43|4445)4142", "4142!(43)4546", "41424344[1-3]48", "48[1-3]41424344", "4142{300}4546",
	"4142{250-350}4546", "4142*4344*4546", "4142??????4546", "414200004546", "(41|42)434445", "!(41)42434445", "41424344(45|46)", "4142{1}43{1}4445",
	"4142{0-2}4344", "4142{0}4344", "4142(4?|?3)4445", "4142(??|43)4445",
}

var offsets = []string{"*", "0", "8", "9", "8,3", "0,14", "EOF-4", "EOF-8,4", "EOF-12,20", "10,0", "EOF-100000", "EOF-6"}

// subjectsOf are files that the patterns hit at various places, and near misses.
func subjectsOf(r *rand.Rand) map[string][]byte {
	pieces := []string{
		"ABCD", "ABxD", "ABCT", "ABEF", "ABxxEF", "ABxxxxxxxxEF", "ABCEF", "ABDEF", "ABCDAB", "ABEFAB", "ABCAB", "ABDEAB", "ABCDxH", "HxxABCD", "ABCDEF", "BCDE", "ACDE", "xBCDE",
		"AB" + strings.Repeat("y", 300) + "EF", "AB\x00\x00EF", "ABxCxDE", "ABxxCD", "ABCDE", "abcd", "aBcD", "A\x00B\x00C\x00D\x00", "A\x00b\x00c\x00e\x00F\x00", "A\x00B\x00C\x00D\x00A\x00B\x00", "A\x00B\x00D\x00E\x00F\x00", "ABCDABCD", " ABCD ", "xABCDx", ".", "",
	}
	files := map[string][]byte{"empty-ish": binaryFile("")}
	for i, p := range pieces {
		files[fmt.Sprintf("one%02d", i)] = binaryFile(p)
		files[fmt.Sprintf("end%02d", i)] = binaryFile(strings.Repeat("z", 20) + p)
	}
	for i := range 60 {
		s := ""
		for range 1 + r.IntN(6) {
			s += pieces[r.IntN(len(pieces))] + strings.Repeat("q", r.IntN(4))
		}
		files[fmt.Sprintf("mix%02d", i)] = binaryFile(s)
	}
	return files
}

func TestBodyAgainstClamscan(t *testing.T) {
	var db strings.Builder
	n := 0
	for _, p := range patterns {
		for _, o := range offsets {
			n++
			fmt.Fprintf(&db, "Ndb.Test-%d:0:%s:%s\n", n, o, p)
		}
	}
	db.WriteString("Ndb.Old:0:*:41424344:1:50\nNdb.New:0:*:41424344:999\nNdb.Now:0:*:41424344:100:300\n# a comment\nNdb.Two words:0:*:41424344\n")
	judge(t, map[string]string{"t.ndb": db.String()}, subjectsOf(rand.New(rand.NewPCG(1, 2))))
}

func TestLogicalAgainstClamscan(t *testing.T) {
	const target = ";Engine:51-255,Target:0;"
	subs := []string{"41424344", "4546", "4142??44", "7171"}
	var db strings.Builder
	for i, e := range []string{
		"0", "0&1", "0|1", "0&1&2", "(0&1)|2", "(0|1)&(2|3)", "0=1", "0=2", "0>1", "1<2", "0<5", "0=0", "0=0&1", "(0|1)>1", "(0|1|2)=2", "(0|1|2)>2,2", "(0|1|2)>1,3",
		"(0&1)>2", "(0&1)=2", "(0|1)<3", "(0&1)<3", "(0|1)=0", "((0|1)&2)|3", "3>2", "(3)", "(0|(1|2))>2", "3=4", "3<1", "(0&1)=0",
	} {
		n := 1 // clamscan wants no more patterns than are used
		for _, id := range regexp.MustCompile(`(?:^|[(&|])(\d)`).FindAllStringSubmatch(e, -1) {
			n = max(n, 1+int(id[1][0]-'0'))
		}
		fmt.Fprintf(&db, "Ldb.Expr-%d%s%s;%s\n", i, target, e, strings.Join(subs[:n], ";"))
	}
	for i, m := range []string{"41424344::i", "41424344::w", "41424344::wa", "41424344::iw", "41424344::iwa", "41424344::f", "41424344::a", "4142??44::i", "EOF-4:41424344::i", "8:41424344", "8,4:41424344", "4142(43|44)4546::i", "4142*4546::i", "4142(43|44)4546::w", "4142(43|44)4546::iwa", "4142??44::w", "4142(4344|4546)4142::aw"} {
		fmt.Fprintf(&db, "Ldb.Mod-%d%s0;%s\n", i, target, m)
	}
	db.WriteString("Ldb.Size;Engine:51-255,FileSize:12-30,Target:0;0;41424344\nLdb.Other;Engine:1-50,Target:0;0;41424344\n")
	db.WriteString("Ldb.At0;Engine:51-255,Target:0;0=0&1;EOF-4:41424344;4546\nLdb.At1;Engine:51-255,Target:0;0=0&1;8:41424344;4546\nLdb.At2;Engine:51-255,Target:0;0=1&1;8,9:41424344;4546\n")
	judge(t, map[string]string{"t.ldb": db.String()}, subjectsOf(rand.New(rand.NewPCG(3, 4))))
}

// pe is the least program for Windows that has one section, with its code there.
func pe(entry uint32, code string) []byte {
	b := make([]byte, 0x600)
	le := binary.LittleEndian
	copy(b, "MZ")
	le.PutUint32(b[0x3c:], 0x80)
	copy(b[0x80:], "PE\x00\x00")
	coff := b[0x84:]
	le.PutUint16(coff, 0x14c)
	le.PutUint16(coff[2:], 1)
	le.PutUint16(coff[16:], 0xe0)
	le.PutUint16(coff[18:], 0x102)
	opt := coff[20:]
	le.PutUint16(opt, 0x10b)
	le.PutUint32(opt[16:], entry)
	le.PutUint32(opt[28:], 0x400000)
	le.PutUint32(opt[32:], 0x1000)
	le.PutUint32(opt[36:], 0x200)
	le.PutUint16(opt[40:], 4)
	le.PutUint16(opt[48:], 4)
	le.PutUint32(opt[56:], 0x3000)
	le.PutUint32(opt[60:], 0x200)
	le.PutUint16(opt[68:], 2)
	le.PutUint32(opt[92:], 16)
	sec := opt[0xe0:]
	copy(sec, ".text")
	le.PutUint32(sec[8:], 0x400)
	le.PutUint32(sec[12:], 0x1000)
	le.PutUint32(sec[16:], 0x400)
	le.PutUint32(sec[20:], 0x200)
	le.PutUint32(sec[36:], 0x60000020)
	copy(b[0x200:], strings.Repeat("\x90", 0x100)+code)
	return b
}

func TestTargetsAgainstClamscan(t *testing.T) {
	const mark = "MARKMARK"
	files := map[string][]byte{
		"pe-at-entry":  pe(0x1100, mark),
		"pe-elsewhere": pe(0x1000, mark),
		"pe-behind":    pe(0x10fc, mark),
		"mz-only":      []byte("MZ" + strings.Repeat("\x00", 100) + mark),
		"elf":          []byte("\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 100) + mark),
		"ole":          []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600) + mark),
		"gif":          []byte("GIF89a" + strings.Repeat("\x00", 100) + mark),
		"png":          []byte("\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 100) + mark),
		"jpeg":         []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00" + strings.Repeat("\x00", 100) + mark),
		"tiff":         []byte("II*\x00\x08\x00\x00\x00" + strings.Repeat("\x00", 100) + mark),
		"bmp":          []byte("BM\x8a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00" + strings.Repeat("\x00", 112) + mark),
		"pdf":          []byte("%PDF-1.4\n" + mark + "\n%%EOF\n"),
		"swf":          []byte("FWS\x09\x80\x00\x00\x00" + strings.Repeat("\x00", 112) + mark),
		"class":        []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x01" + strings.Repeat("\x00", 100) + mark),
		"macho":        []byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00" + strings.Repeat("\x00", 100) + mark),
		"macho-fat":    []byte("\xca\xfe\xba\xbe\x00\x00\x00\x01" + strings.Repeat("\x00", 100) + mark),
		"eml":          []byte("From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMessage-ID: <1@b.example>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n" + mark + "\r\n"),
		"received":     []byte("Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: a@b.example\r\nSubject: x\r\n\r\n" + mark + "\r\n"),
		"data":         binaryFile(mark),
	}
	var ndb strings.Builder
	for _, n := range []int{0, 1, 2, 5, 6, 9, 10, 11, 12} {
		fmt.Fprintf(&ndb, "Ndb.Target-%d:%d:*:%x\n", n, n, mark)
	}
	for i, o := range []string{"EP+0", "EP+4", "EP-0", "EP+0,8", "EP-4,8", "EP+256"} {
		fmt.Fprintf(&ndb, "Ndb.Entry-%d:1:%s:%x\n", i, o, mark)
	}
	ldb := fmt.Sprintf("Ldb.Entry;Engine:51-255,Target:1,EntryPoint:700-800;0;%x\nLdb.Sections;Engine:51-255,Target:1,NumberOfSections:1-1;0;%x\nLdb.Two;Engine:51-255,Target:1,NumberOfSections:2-9;0;%x\nLdb.NotAtEntry;Engine:51-255,Target:1;0=0&1;EP+0:%x;%x\n", mark, mark, mark, mark, mark)
	judge(t, map[string]string{"t.ndb": ndb.String(), "t.ldb": ldb}, files)
}

func TestContainersAgainstClamscan(t *testing.T) {
	content := "\x00\x00\x00\x00\x00\x00\x00\x00MARKMARK"
	files := map[string][]byte{
		"t.zip":      zipOf(t, "a.bin", content),
		"t.tar":      tarOfNames(t, "a.bin", content),
		"plain":      []byte(content),
		"nested.zip": zipOf(t, "t.tar", string(tarOfNames(t, "a.bin", content))),
	}
	external(t, files, content)
	var db strings.Builder
	for _, c := range []string{"ZIP", "POSIX_TAR", "7Z", "MSCAB", "ARJ"} {
		fmt.Fprintf(&db, "Ldb.In%s;Engine:81-255,Container:CL_TYPE_%s,Target:0;0;%x\n", c, c, "MARKMARK")
	}
	judge(t, map[string]string{"t.ldb": db.String()}, files)
}

func TestMembersAgainstClamscan(t *testing.T) {
	content := strings.Repeat("hello ", 5)
	crc := fmt.Sprintf("%x", crc32.ChecksumIEEE([]byte(content)))
	files := map[string][]byte{
		"t.zip": zipOf(t, "a.txt", content, "folder/", "", "sub/B.exe", content+content, "x.PDF.JS", "y", "slash.scr", "z"),
		"u.zip": zipOf(t, "nothing", "x"),
		"t.tar": tarOfNames(t, "a.txt", content, "sub/B.exe", content+content),
		"t.eml": []byte("From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/octet-stream; name=\"B.exe\"\r\nContent-Disposition: attachment; filename=\"B.exe\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"),
	}
	external(t, files, content)
	var db strings.Builder
	n := 0
	add := func(format string, args ...any) {
		n++
		fmt.Fprintf(&db, "Cdb.%d:"+format+"\n", append([]any{n}, args...)...)
	}
	for _, typ := range []string{"*", "CL_TYPE_ZIP", "CL_TYPE_7Z", "CL_TYPE_POSIX_TAR", "CL_TYPE_CPIO_NEWC", "CL_TYPE_MSCAB", "CL_TYPE_ARJ", "CL_TYPE_MAIL"} {
		for _, re := range []string{`\.exe$`, `(?i)\.EXE$`, `^a\.txt$`, `^[^/\]+\.exe$`, `\.(pdf|doc)\.js$`, `(?i)\.(pdf|doc)\.js$`, `[A-Z]\.`, `a.t{1,2}xt`, `s\lash`, `[\]`, "*", `^sub.B`} {
			add("%s:*:%s:*:*:*:*:*:", typ, re)
		}
		for _, sizes := range []string{"*:30", "*:31", "*:20-40", "*:60", "0-5:*", "1-40:*", "30:30", "0:30", "*:0-40", "*:40-0"} {
			add("%s:*:(a.txt|exe)$:%s:*:*:*:", typ, sizes)
		}
		for _, e := range []string{"0", "1"} {
			add("%s:*:a\\.txt:*:*:%s:*:*:", typ, e)
		}
		add("%s:100-100000:a.txt:*:*:*:*:*:", map[string]string{"CL_TYPE_MAIL": "CL_TYPE_ZIP"}[typ]+strings.TrimPrefix(typ, "CL_TYPE_MAIL"))
	}
	for _, typ := range []string{"CL_TYPE_ZIP", "CL_TYPE_CPIO_NEWC", "CL_TYPE_MSCAB", "CL_TYPE_ARJ", "CL_TYPE_MAIL"} {
		for pos := range 4 {
			add("%s:*:(a.txt|exe)$:*:*:*:%d:*:", typ, pos)
		}
	}
	add("CL_TYPE_ZIP:*:a.txt:*:*:*:*:%s:", crc)
	add("CL_TYPE_ZIP:*:a.txt:*:*:*:*:12345678:")
	add("CL_TYPE_ZIP:*:a.txt:*:*:*:*:*::50:60")
	add("CL_TYPE_ZIP:*:a.txt:*:*:*:*:*::50")
	judge(t, map[string]string{"t.cdb": db.String()}, files)
}

// external adds what other programs pack, as far as they are installed.
func external(t *testing.T, files map[string][]byte, content string) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "a.txt"), []byte(content), 0o600)
	os.Mkdir(filepath.Join(dir, "sub"), 0o700)
	os.WriteFile(filepath.Join(dir, "sub", "B.exe"), []byte(content+content), 0o600)
	for _, c := range []struct {
		out  string
		args []string
		in   string
	}{
		{"enc.zip", []string{"zip", "-q", "-P", "pw", "enc.zip", "a.txt", "sub/B.exe"}, ""},
		{"t.7z", []string{"7z", "a", "-bd", "t.7z", "a.txt", "sub"}, ""},
		{"enc.7z", []string{"7z", "a", "-bd", "-ppw", "enc.7z", "a.txt"}, ""},
		{"t.cab", []string{"gcab", "-c", "t.cab", "a.txt", "sub/B.exe"}, ""},
		{"t.arj", []string{"arj", "a", "-y", "t.arj", "a.txt", "sub/B.exe"}, ""},
		{"t.cpio", []string{"cpio", "-o", "-H", "newc", "-F", "t.cpio"}, "a.txt\nsub/B.exe\n"},
	} {
		cmd := exec.Command(c.args[0], c.args[1:]...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(c.in)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s: %v: %s", c.out, err, out)
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, c.out))
		if err != nil {
			t.Log(err)
			continue
		}
		files[c.out] = b
	}
}

// zipOf takes names and contents in turn.
func zipOf(t *testing.T, list ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(list); i += 2 {
		m, err := w.CreateRaw(&zip.FileHeader{
			Name: list[i], Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(list[i+1])),
			CompressedSize64: uint64(len(list[i+1])), UncompressedSize64: uint64(len(list[i+1])),
		})
		if err != nil {
			t.Fatal(err)
		}
		m.Write([]byte(list[i+1]))
	}
	w.Close()
	return b.Bytes()
}

func tarOfNames(t *testing.T, list ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(list); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: list[i], Size: int64(len(list[i+1])), Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(list[i+1]))
	}
	w.Close()
	return b.Bytes()
}
