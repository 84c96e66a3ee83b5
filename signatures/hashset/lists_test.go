package hashset

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

const nsrlHeader = `"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"` + "\n"

// of builds a set of lists: name, text, name, text.
func of(t testing.TB, lists ...string) (*Set, []Warning) {
	t.Helper()
	var b Builder
	for i := 0; i < len(lists); i += 2 {
		if err := b.Read(strings.NewReader(lists[i+1]), lists[i]); err != nil {
			t.Fatal(err)
		}
	}
	warnings := b.Warnings()
	return b.Build(), warnings
}

// verdict scans content as a file with s and returns what was found, as "class
// name from list".
func verdict(t testing.TB, s *Set, content string) string {
	t.Helper()
	scan, err := scanner.New(scanner.Config{Engines: []scanner.Engine{s}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.ScanFile(context.Background(), "x.bin", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range report.Findings() {
		found = append(found, fmt.Sprintf("%s %s from %s", f.Class, f.Signature, f.Source))
	}
	return strings.Join(found, ", ")
}

// What a list is about shows in the class, and one of harmless files wins.
func TestClasses(t *testing.T) {
	bad := sha256Hex + ":32:Bad\n"
	for _, c := range []struct {
		name  string
		lists []string
		want  string
	}{
		{"malicious", []string{"a.hsb", bad}, "malicious Bad from a.hsb"},
		{"unwanted", []string{"a.hdu", md5Hex + ":32:PUA.Tool\n"}, "unwanted PUA.Tool from a.hdu"},
		{"allowed", []string{"a.hsb", bad, "b.fp", md5Hex + ":32:Fine\n"}, "notice Bad from a.hsb, allowed Fine from b.fp"},
		{"allowed first", []string{"b.sfp", sha1Hex + ":*:Fine:73\n", "a.hsb", bad}, "notice Bad from a.hsb, allowed Fine from b.sfp"},
		{"allowed in another size", []string{"a.hsb", bad, "b.fp", md5Hex + ":33:Fine\n"}, "malicious Bad from a.hsb"},
		{"NSRL", []string{"a.hsb", bad, "NSRLFile.txt", nsrlHeader + `"` + strings.ToUpper(sha1Hex) + `","` + md5Hex + `","00000000","a.exe",32,1,"1",""` + "\n"},
			"notice Bad from a.hsb, allowed NSRL from NSRLFile.txt"},
		{"ignored", []string{"x.ign2", "Bad\n", "a.hsb", bad}, ""},
		{"ignored, as ClamAV says it", []string{"x.ign2", "# no\nBad.UNOFFICIAL\n", "a.hsb", bad}, ""},
		{"ignored, old form", []string{"x.ign", "a.hsb:1:Bad\n", "a.hsb", bad}, ""},
		{"ignored line", []string{"x.ign2", fmt.Sprintf("Bad:%x\n", md5.Sum([]byte(strings.TrimSpace(bad)))), "a.hsb", bad}, ""},
		{"another line", []string{"x.ign2", "Bad:" + md5Hex + "\n", "a.hsb", bad}, "malicious Bad from a.hsb"},
	} {
		s, warnings := of(t, c.lists...)
		if got := verdict(t, s, body); got != c.want || len(warnings) > 0 {
			t.Errorf("%s: %q, want %q; %v", c.name, got, c.want, warnings)
		}
	}
}

func TestIgnoredWarnings(t *testing.T) {
	var g Ignored
	w, err := g.Read(strings.NewReader("A\n\n:x\nB:12\nC:D:E\na:1:F\n"+strings.Repeat("x", 1<<17)), "x.ign2")
	if err != nil || len(w) != 4 || g.Len() != 2 || !g.Has("A", "") || !g.Has("F.UNOFFICIAL", "") || g.Has("B", "") {
		t.Errorf("%v, %v, %d names", err, w, g.Len())
	}
}

// program returns a PE file with sections of these contents.
func program(sections ...string) string {
	b := make([]byte, 0x400)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[peAt:], 0x80)
	copy(b[0x80:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[0x86:], uint16(len(sections)))
	binary.LittleEndian.PutUint16(b[0x94:], 0xe0)
	binary.LittleEndian.PutUint32(b[0x98+fileAlignAt:], 0x200)
	for i, s := range sections {
		s += strings.Repeat("\x00", -len(s)&0x1ff)
		at := 0x98 + 0xe0 + i*sectionHeader
		binary.LittleEndian.PutUint32(b[at+16:], uint32(len(s)))
		binary.LittleEndian.PutUint32(b[at+20:], uint32(len(b)))
		b = append(b, s...)
	}
	return string(b)
}

func TestSections(t *testing.T) {
	section := "code" + strings.Repeat("\x00", 508)
	line := fmt.Sprintf("512:%x:Win.Worm\n", md5.Sum([]byte(section)))
	for _, c := range []struct {
		name, list, file, want string
	}{
		{"found", line, program("data", "code"), "malicious Win.Worm from a.mdb"},
		{"another section", line, program("data"), ""},
		{"another size", strings.Replace(line, "512", "1024", 1), program("code"), ""},
		{"any size", strings.Replace(line, "512", "*", 1), program("code"), "malicious Win.Worm from a.mdb"},
		{"not a program", line, section, ""},
		{"cut off", line, program("code")[:0x500], ""},
		{"no headers", line, program("code")[:0x90], ""},
	} {
		s, warnings := of(t, "a.mdb", c.list)
		if got := verdict(t, s, c.file); got != c.want || len(warnings) > 0 {
			t.Errorf("%s: %q, want %q; %v", c.name, got, c.want, warnings)
		}
	}
}

// Sections that are all of the file cost no more than maxOverlap of them.
func TestOverlappingSections(t *testing.T) {
	b := []byte(program(make([]string, 8)...))
	b = append(b, make([]byte, 0x2000-len(b))...)
	for i := range 8 {
		at := 0x98 + 0xe0 + i*sectionHeader
		binary.LittleEndian.PutUint32(b[at+16:], uint32(len(b)))
		binary.LittleEndian.PutUint32(b[at+20:], 0)
	}
	s, _ := of(t, "a.mdb", fmt.Sprintf("*:%s:W\n", md5Hex))
	scan, err := scanner.New(scanner.Config{Engines: []scanner.Engine{s}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.ScanFile(context.Background(), "x", strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if o := report.Objects[0]; len(o.Unchecked) != 1 || o.Unchecked[0].Reason != scanner.ReasonEngine {
		t.Errorf("%+v", o)
	}
}

func FuzzSections(f *testing.F) {
	f.Add([]byte(program("code", "data")))
	f.Fuzz(func(t *testing.T, b []byte) {
		all := peSections(b)
		if len(all) > maxSections {
			t.Fatalf("%d sections", len(all))
		}
		for _, s := range all {
			if len(s) > len(b) {
				t.Fatalf("a section of %d bytes in %d", len(s), len(b))
			}
		}
	})
}

func FuzzIgnored(f *testing.F) {
	f.Add("A\nB:" + md5Hex + "\na:1:C\n")
	f.Fuzz(func(t *testing.T, list string) {
		var g Ignored
		w, err := g.Read(strings.NewReader(list), "x.ign2")
		if lines := strings.Count(list, "\n") + 1; err != nil || g.Len()+len(w) > lines+1 {
			t.Fatalf("%v; %d names and %d warnings of %d lines", err, g.Len(), len(w), lines)
		}
	})
}
