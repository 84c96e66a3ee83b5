package clamav

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// loadTexts loads files by name from a folder of their own.
func loadTexts(t testing.TB, texts map[string]string) *Database {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := Load(Config{Paths: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range db.Warnings {
		db.Warnings[i].File = filepath.Base(db.Warnings[i].File)
	}
	return db
}

func md5Of(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       fault // "" is loaded
	}{
		{"a.ndb", "T:0:*:41424344", ""},
		{"a.ndb", "T:3:*:41424344", normalised},
		{"a.ndb", "T:7:*:41424344", normalised},
		{"a.ndb", "T:4:*:41424344", wholeMail},
		{"a.ndb", "T:99:*:41424344", otherTarget},
		{"a.ndb", "T:x:*:41424344", otherTarget},
		{"a.ndb", "T:0:*", "not the four fields of a body signature"},
		{"a.ndb", ":0:*:41424344", "no name"},
		{"a.ndb", "T:0:x:41424344", badOffset},
		{"a.ndb", "T:0:-1:41424344", badOffset},
		{"a.ndb", "T:0:99999999999999999999:41424344", badOffset},
		{"a.ndb", "T:1:S0+1:41424344", sections},
		{"a.ndb", "T:1:SL+1:41424344", sections},
		{"a.ndb", "T:6:EP+1:41424344", otherEntry},
		{"a.ndb", "T:0:$12:41424344", macroGroup},
		{"a.ndb", "T:1:VI:41424344", versionInfo},
		{"a.ndb", "T:0:*:4142434", badHex},
		{"a.ndb", "T:0:*:41424g", badHex},
		{"a.ndb", "T:0:*:*4142", badHex},
		{"a.ndb", "T:0:*:4142*", badHex},
		{"a.ndb", "T:0:*:4142{3-1}43", badHex},
		{"a.ndb", "T:0:*:4142{3", badHex},
		{"a.ndb", "T:0:*:4142(43", badHex},
		{"a.ndb", "T:0:*:4142(43|)44", badHex},
		{"a.ndb", "T:0:*:4142!43", badHex},
		{"a.ndb", "T:0:*:4142!", badHex},
		{"a.ndb", "T:0:*:", badHex},
		{"a.ndb", "T:0:*:41??42", weak},
		{"a.ndb", "T:0:*:4142(B)", boundaries},
		{"a.ndb", "T:0:*:4142!(4344)45", negatedAlts},
		{"a.ldb", "T;Engine:51-255,Target:0;0;41424344", ""},
		{"a.ldb", "T;Engine:51-255,Target:0;0&1;41424344", badExpression},
		{"a.ldb", "T;Engine:51-255,Target:0;0|1&2;4142;4344;4546", mixed},
		{"a.ldb", "T;Engine:51-255,Target:0;(0;4142", badExpression},
		{"a.ldb", "T;Engine:51-255,Target:0;0);4142", badExpression},
		{"a.ldb", "T;Engine:51-255,Target:0;;4142", badExpression},
		{"a.ldb", "T;Engine:51-255,Target:0;0&;4142", badExpression},
		{"a.ldb", "T;Engine:51-255,Target:0;(0)>2;4142", nestedCounts},
		{"a.ldb", "T;Engine:51-255,Target:0;((0&1)|2)>2;4142;4344;4546", nestedCounts},
		{"a.ldb", "T;Engine:51-255,Target:0;0>2;4142*4344", countsOfVague},
		{"a.ldb", "T;Engine:51-255,Target:0;0>2;0:41424344", countsAtPlace},
		{"a.ldb", "T;Engine:51-255,Target:0;0&1;4142;0/abc/", regular},
		{"a.ldb", "T;Engine:51-255,Target:0;0&1;4142;0(>>5#hb2#=123)", byteCompare},
		{"a.ldb", "T;Engine:51-255,Target:0;0;fuzzy_img#af2ad01ed42993c7#0", imageHash},
		{"a.ldb", "T;Engine:51-255,Target:0;0&1;4142;${6-7}12$", macro},
		{"a.ldb", "T;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;4142", ""},
		{"a.ldb", "T;Engine:51-255,Target:0,Container:CL_TYPE_MSEXE;0;4142", otherContainer},
		{"a.ldb", "T;Engine:51-255,Target:0,Intermediates:CL_TYPE_ZIP;0;4142", otherTargets},
		{"a.ldb", "T;Engine:51-255;0;4142", badTarget},
		{"a.ldb", "T;Engine:51-255,Target:0;0;4142::x", modifiers},
		{"a.ldb", "T;Engine:51-255,Target:0;0;4142*4344::w", modifiers},
		{"a.ldb", "T;Engine:51-255,Target:0;0", badLogical},
		{"a.ldb", "T;Engine:51-255,Target:0;0;" + strings.Repeat("4142;", maxParts) + "4142", tooManyParts},
		{"a.ldb", "T;Engine:51-255,Target:0;" + strings.Repeat("(", 1000) + "0;4142", badExpression},
		{"a.cdb", `T:CL_TYPE_ZIP:*:\.exe$:*:*:*:*:*:*`, ""},
		{"a.cdb", `T:CL_TYPE_PE:*:\.exe$:*:*:*:*:*:*`, otherContainer},
		{"a.cdb", `T:CL_TYPE_ZIP:*:(\.exe$:*:*:*:*:*:*`, badPattern},
		{"a.cdb", `T:CL_TYPE_ZIP:*:[z-a]:*:*:*:*:*:*`, badPattern},
		{"a.cdb", `T:CL_TYPE_ZIP:*:x{1001}:*:*:*:*:*:*`, badPattern},
		{"a.cdb", `T:CL_TYPE_ZIP:*:(abcdefghijklmnopqrstuvwxyz){1000}:*:*:*:*:*:*`, largePattern},
		{"a.cdb", `T:CL_TYPE_ZIP:x:a:*:*:*:*:*:*`, badSpan},
		{"a.cdb", `T:CL_TYPE_ZIP:*:a:*:*:2:*:*:*`, badEncryption},
		{"a.cdb", `T:CL_TYPE_MAIL:5:a:*:*:*:*:*:*`, mailSize},
		{"a.cdb", `T:CL_TYPE_7Z:*:a:*:*:*:1:*:*`, otherPosition},
		{"a.cdb", `T:CL_TYPE_ZIP:*:a`, badMember},
		{"a.pwdb", "T;Engine:81-255;0;x", ""},
		{"a.pwdb", "T;Engine:81-255;1;zz", "a password that is not hexadecimal"},
		{"a.pwdb", "T;Engine:81-255;2;zz", "a password in an unknown form"},
		{"a.pwdb", "T;0;x", "not the four fields of a password"},
		{"a.ndb", strings.Repeat("x", maxLine+10), "longer than 262144 bytes"},
	} {
		db := loadTexts(t, map[string]string{c.name: c.line + "\n"})
		got := fault("")
		if len(db.Warnings) > 0 {
			got = fault(db.Warnings[0].Text)
		}
		if got != c.want || (c.want == "") != (db.Stats.Lost == 0) {
			t.Errorf("%s: %.80s: %q, want %q", c.name, c.line, got, c.want)
		}
	}
}

// Signatures for other versions are passed over, those in .ign2 left out, and the
// rest counted.
func TestCounts(t *testing.T) {
	db := loadTexts(t, map[string]string{
		"a.ndb":  "# comment\n\nA.One:0:*:41424344\r\nA.Two:0:*:41424344:999\nA.Three:0:*:41424344:1:2\nA.Four:0:*:45464748",
		"b.ldb":  "B.One;Engine:51-255,Target:0;0;41424344\nB.Two;Engine:300-400,Target:0;0;41424344\n",
		"c.cdb":  "C.One:*:*:a:*:*:*:*:*:*\nC.Two:*:*:b:*:*:*:*:*:*\n",
		"z.ign2": "A.Four.UNOFFICIAL\nC.Two:3f2bff04e8bb3bd8e7f48c3b7b7b7b7b\nB.One:" + md5Of("B.One;Engine:51-255,Target:0;0;41424344") + "\nnonsense:xyz\n",
		"d.pwdb": "P;Engine:81-255;0;a\nP;Engine:81-255;1;61\nP;Engine:1-2;0;b\n",
		"e.cbc":  "x\n", "f.hdb": "x\n", "g.db": "D.One=41424344\n", "h.imp": "d5e0355f8764c235b38759b860077ceb:90:E.One\nd5e0355f:90:E.Two\n",
	})
	want := Stats{Body: 3, Members: 2, Passwords: 2, Lost: 2, Ignored: 2, Other: 4}
	if db.Stats != want {
		t.Errorf("%+v, want %+v", db.Stats, want)
	}
	if !slices.Equal(db.Passwords, []string{"a"}) || db.Members.Len() != 2 || len(db.Rules) != 3 {
		t.Errorf("%q, %v, %v", db.Passwords, db.Members, db.Rules)
	}
	var texts []string
	for _, w := range db.Warnings {
		texts = append(texts, w.String())
	}
	if !slices.Equal(texts, []string{"z.ign2:4: nonsense: not a name, and not a name with an MD5", "e.cbc: left out: bytecode, which only ClamAV runs", "f.hdb: left out: digests are not loaded", "h.imp:2: E.Two: not an MD5"}) {
		t.Errorf("%q", texts)
	}
}

// A reason that many signatures share does not fill the log.
func TestWarningsBounded(t *testing.T) {
	db := loadTexts(t, map[string]string{"a.ndb": strings.Repeat("T:3:*:41424344\n", 1000)})
	if len(db.Warnings) != maxNamed+1 || db.Warnings[maxNamed].Text != "990 more: "+string(normalised) {
		t.Errorf("%d warnings, the last %v", len(db.Warnings), db.Warnings[len(db.Warnings)-1])
	}
}

// Hostile names stay text.
func TestNames(t *testing.T) {
	db := loadTexts(t, map[string]string{"a.ndb": "a\"} rule x {\\:0:*:41424344\nall:0:*:4142\nT:0:*:4142\nT:0:*:4344\nPUA.T:0:*:4142\n"})
	for _, want := range []string{
		`rule c_a___rule_x___ { meta: reported_as = "a\"} rule x {\\" strings:`,
		"\nrule c_all {", "\nrule c_T {", "\nrule c_T_4 {", `reported_as = "PUA.T" class = "unwanted"`,
	} {
		if !strings.Contains(db.Rules[0].Text, want) {
			t.Errorf("no %q in %s", want, db.Rules[0].Text)
		}
	}
}

// Names that look alike, but are not what a signature of members is about.
func TestMemberTwins(t *testing.T) {
	db := loadTexts(t, map[string]string{"a.cdb": `T:CL_TYPE_ZIP:1000-2000:(?i)invoice.*\.exe$:10-20:*:1:2:*:*` + "\n"})
	object := func(change func(*scanner.Object)) *scanner.Object {
		o := &scanner.Object{Names: []string{"a/Invoice 1.EXE"}, Member: &scanner.Member{
			Container: "zip", ContainerSize: 1500, PackedSize: 15, Encrypted: true, Position: 2,
		}}
		change(o)
		return o
	}
	for what, c := range map[string]struct {
		change func(*scanner.Object)
		found  bool
	}{
		"itself":      {func(*scanner.Object) {}, true},
		"second name": {func(o *scanner.Object) { o.Names = []string{"x", "invoice.exe"} }, true},
		"other name":  {func(o *scanner.Object) { o.Names = []string{"invoice.exe.txt"} }, false},
		"no name":     {func(o *scanner.Object) { o.Names = nil }, false},
		"other kind":  {func(o *scanner.Object) { o.Member.Container = "rar" }, false},
		"in a mail":   {func(o *scanner.Object) { o.Member = nil }, false},
		"small":       {func(o *scanner.Object) { o.Member.ContainerSize = 999 }, false},
		"large":       {func(o *scanner.Object) { o.Member.PackedSize = 21 }, false},
		"open":        {func(o *scanner.Object) { o.Member.Encrypted = false }, false},
		"first":       {func(o *scanner.Object) { o.Member.Position = 1 }, false},
	} {
		found, err := db.Members.InspectMember(t.Context(), object(c.change))
		if err != nil || (len(found) > 0) != c.found {
			t.Errorf("%s: %v, %v", what, found, err)
		}
	}
}

// The index leaves out nothing that matches.
func TestIndex(t *testing.T) {
	names := []string{"a.exe", "INVOICE 2024.PDF.EXE", "sub/Invoice.js", "x", "", "rechnung.scr", "aaa.aaa", `sub\b.exe`, "invoıce ſub.exe", "\u212a.ſcr"}
	var db strings.Builder
	for i, p := range []string{
		`\.exe$`, `(?i)\.exe$`, `(?i)invoice`, `invoice`, `(invoice|rechnung)`, `(?i)(invoice|rechnung)`, `(rech)+nung`, `x?exe`, `a*`, `(aaa){0,2}\.a`, `(abc){0}`,
		`[Ii]nvoice`, `^sub[\/]`, `sub\\b`, `.`, `^$`, `a{3}\.`, "*", `(((invoice)))`, `ex|scr`, `(?i)k.scr`, `(?i)ſub`, `ſub`,
	} {
		fmt.Fprintf(&db, "T%d:*:*:%s:*:*:*:*:*:\n", i, p)
	}
	e := loadTexts(t, map[string]string{"a.cdb": db.String()}).Members
	if e.Len() != 23 {
		t.Fatal(e.Len())
	}
	for _, name := range names {
		checkIndex(t, e, name)
	}
}

func checkIndex(t *testing.T, e *Engine, name string) {
	t.Helper()
	list := e.index.candidates([]string{name})
	for i, m := range e.signatures {
		if (m.pattern == nil || m.pattern.MatchString(name)) && !slices.Contains(list, i) {
			t.Errorf("%q: no candidate: %s", name, m.pattern)
		}
	}
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{"T:0:*:41424344", "T:1:EP+0,5:4142??4?{1-2}(43|4445)*4647!(48)", "T:0:EOF-9:4142[1-3]43:50:300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) { fuzzLines(t, ".ndb", line) })
}

func FuzzLogical(f *testing.F) {
	for _, s := range []string{"T;Engine:51-255,Target:0;(0&1)|2>3;4142;EOF-4:4344::iw;4546", "T;Target:1,EntryPoint:1-2;((0|1)>1,2)&2=0;4142;4344;4546"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) { fuzzLines(t, ".ldb", line) })
}

func FuzzMember(f *testing.F) {
	for _, s := range []string{`T:CL_TYPE_ZIP:*:(?i)^[^/\]+\.(exe|scr)$:1-2:3:0:1:*::50:300`, "T:*:*:*:*:*:*:*:*:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) { fuzzLines(t, ".cdb", line) })
}

// fuzzLines reads a text as a database: every line is loaded, lost or passed over.
func fuzzLines(t *testing.T, ext, text string) {
	l := &loader{db: &Database{}, rules: &rules{}, ignore: map[string][]string{}}
	// A byte under "i" or "!" becomes up to some hundred characters.
	allocates(t, 4<<20+4096*uint64(len(text)), func() {
		if err := l.read(strings.NewReader(text), "x"+ext); err != nil {
			t.Fatal(err)
		}
		l.finish()
	})
	lines := 0
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" && line[0] != '#' {
			lines++
		}
	}
	s := l.db.Stats
	if n := s.Body + s.Logical + s.Members + s.Lost + s.Other; n != lines {
		t.Errorf("%d lines, %+v", lines, s)
	}
	if l.db.Members != nil {
		for _, name := range []string{"a.exe", "Sub/INVOICE.js", text[:min(len(text), 100)]} {
			checkIndex(t, l.db.Members, name)
		}
		l.db.Members.InspectMember(t.Context(), &scanner.Object{Names: []string{"a.exe"}, Member: &scanner.Member{Container: "zip"}})
	}
}
