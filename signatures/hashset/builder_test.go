package hashset

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const body = "a marker that stands for malware"

var (
	md5Hex    = fmt.Sprintf("%x", md5.Sum([]byte(body)))
	sha1Hex   = fmt.Sprintf("%x", sha1.Sum([]byte(body)))
	sha256Hex = fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
)

// read builds a set of one list called "feed.txt".
func read(t testing.TB, list string) (*Set, []Warning) {
	t.Helper()
	var b Builder
	if err := b.Read(strings.NewReader(list), "dir/feed.txt"); err != nil {
		t.Fatal(err)
	}
	warnings := b.Warnings()
	return b.Build(), warnings
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, list string
		want       []string // signatures found for body
	}{
		{"hdb", md5Hex + ":32:Win.Worm-1\n", []string{"Win.Worm-1"}},
		{"hdb, CRLF and upper case", strings.ToUpper(md5Hex) + ":32:W\r\n", []string{"W"}},
		{"hdb with SHA-256", sha256Hex + ":32:W:73\n", []string{"W"}},
		{"hsb with MD5 and any size", md5Hex + ":*:W:73", []string{"W"}},
		{"another size", md5Hex + ":33:W\n", nil},
		{"two words", sha1Hex + ":32:Two words \n", []string{"Two words"}},
		{"MISP's comment", sha1Hex + ":*:MISP event 12 comment:73", []string{"MISP event 12 comment"}},
		{"for a later engine", sha1Hex + ":32:W:217", nil},
		{"for an earlier engine", sha1Hex + ":32:W:10:215", nil},
		{"for this engine", sha1Hex + ":32:W:10:216", []string{"W"}},
		{"no name", sha1Hex + ":32:", []string{"feed"}},
		{"two names", sha1Hex + ":32:A\n" + sha1Hex + ":32:B\n" + sha1Hex + ":32:A\n", []string{"A", "B"}},
		{"plain", "# comment\n\n// another\n" + sha256Hex + "\n", []string{"feed"}},
		{"plain with BOM and comment", "\uFEFF" + sha256Hex + " # seen today", []string{"seen today"}},
		{"sha256sum", sha256Hex + "  run.exe\n", []string{"run.exe"}},
		{"sha256sum in binary mode", sha256Hex + " *run.exe\n", []string{"run.exe"}},
		{"sha256sum --tag", "SHA256 (run (1).exe) = " + sha256Hex, []string{"run (1).exe"}},
		{"LOKI", sha256Hex + ";Worm of June;ref\n", []string{"Worm of June"}},
		{"MISP pair", "run.exe|" + sha256Hex, []string{"run.exe"}},
		{"CSV without a header", `"2024-01-01","` + sha256Hex + `","` + md5Hex + `","Worm"`, []string{"Worm"}},
		{"MalwareBazaar", `# "first_seen_utc","sha256_hash","md5_hash","sha1_hash","reporter","file_name","file_type_guess","mime_type","signature","clamav","vtpercent","imphash","ssdeep","tlsh"` + "\n" +
			`"2024-01-01 00:00:00", "` + sha256Hex + `", "` + md5Hex + `", "` + sha1Hex + `", "abuse_ch", "a, b.exe", "exe", "application/x-dosexec", "Worm", "n/a", "n/a", "` + strings.Repeat("0", 32) + `", "3:x", "n/a"`, []string{"Worm"}},
		{"URLhaus", "firstseen,url,filetype,md5,sha256,signature\n2024-01-01,http://a/b,exe," + md5Hex + "," + sha256Hex + ",None\n", []string{"feed"}},
		{"CSV with a size", "sha1,size,name\n" + sha1Hex + ",31,W", nil},
		{"ThreatFox", `# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias","malware_printable"` + "\n" +
			`"2024-01-01 00:00:00", "1", "192.0.2.1:80", "ip:port", "botnet_cc", "win.worm", "None", "Worm"` + "\n" +
			`"2024-01-01 00:00:00", "2", "` + sha256Hex + `", "sha256_hash", "payload", "win.worm", "None", "Worm"` + "\n", []string{"Worm"}},
		{"MISP attributes", "uuid,event_id,category,type,value,comment,to_ids,date\n" +
			"u,1,Payload delivery,filename|sha256,run.exe|" + sha256Hex + ",,1,d\n" +
			"u,1,Payload delivery,sha1," + sha1Hex + ",Worm of June,1,d\n", []string{"run.exe", "Worm of June"}},
		{"MISP attributes of other things", "uuid,event_id,category,type,value,comment,to_ids,date\n" +
			"u,1,Payload delivery,imphash," + md5Hex + ",,1,d\nu,1,Payload delivery,md5," + md5Hex + ",harmless,0,d\n", nil},
		{"NSRL's known malware", nsrlHeader + `"` + sha1Hex + `","` + md5Hex + `","00000000","a.exe",32,1,"1","M"` + "\n", nil},
		{"a digest in another column is not the file's", "sha256_hash,imphash\n" + strings.Repeat("0", 64) + "," + md5Hex, nil},
	} {
		s, warnings := read(t, c.list)
		if got := inspect(t, s, body); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
		if len(warnings) > 0 {
			t.Errorf("%s: %v", c.name, warnings)
		}
	}
}

// A bad line costs itself only, and says where it stands.
func TestWarnings(t *testing.T) {
	good := "\n" + sha256Hex + "\n"
	for _, c := range []struct{ list, want string }{
		{"hello", "feed.txt:1: no digest"},
		{"\n\n" + md5Hex + ":0:W", "feed.txt:3: the size \"0\""},
		{md5Hex + ":x:W", "the size \"x\""},
		{md5Hex[1:] + ":1:W", "no digest"},
		{md5Hex + "0:1:W", "no digest"},
		{md5Hex + "g", "no digest"},
		{md5Hex + "!", "something unknown"},
		{"d41d8cd98f00b204e9800998ecf8427e", "no bytes"},
		{strings.Repeat("a", 200_000), "longer than"},
		{"a,b,c", "no digest"},
		{md5Hex + ":4294967296:W", "above 4 GiB"},
	} {
		s, warnings := read(t, c.list+good)
		if len(warnings) != 1 || !strings.Contains(warnings[0].String(), c.want) {
			t.Errorf("%.60q: warnings %v, want %q", c.list, warnings, c.want)
		}
		if len(inspect(t, s, body)) != 1 {
			t.Errorf("%.60q: what follows was not found", c.list)
		}
	}
	_, warnings := read(t, strings.Repeat("hello\n", 1000))
	if n := len(warnings); n != maxWarnings+1 || !strings.Contains(warnings[n-1].Text, "900 more") {
		t.Errorf("%d warnings, the last %v", n, warnings[n-1])
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.hdb": md5Hex + ":32:A\n", "sub/b.txt": sha1Hex + "\n", "c.imp": md5Hex + ":32:C\n",
		"readme.md": sha256Hex + "\n", ".hidden/d.hdb": md5Hex + ":32:D\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var b Builder
	if err := b.Load(dir); err != nil {
		t.Fatal(err)
	}
	if w := b.Warnings(); len(w) != 1 || !strings.Contains(w[0].String(), "import") {
		t.Errorf("warnings: %v", w)
	}
	s := b.Build()
	if got := inspect(t, s, body); !slices.Equal(got, []string{"b", "A"}) || s.Len() != 2 {
		t.Errorf("found %q of %d", got, s.Len())
	}
	if err := b.Load(filepath.Join(dir, "missing")); err == nil {
		t.Error("no error for a path that is not there")
	}
	b = Builder{}
	if err := b.Load(t.TempDir()); err != nil || len(b.Warnings()) != 1 {
		t.Errorf("an empty folder: %v, %v", err, b.Warnings())
	}
	if err := b.Read(iotest.ErrReader(os.ErrPermission), "x"); err == nil {
		t.Error("an error of the reader was lost")
	}
}
