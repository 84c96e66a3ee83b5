package mime

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header string
		want   string // names joined with "|"
	}{
		{"plain", "Content-Disposition: attachment; filename=a.exe", "a.exe"},
		{"quoted", `Content-Disposition: attachment; filename="a \"b\".exe"`, `a "b".exe`},
		{"both", "Content-Type: application/x; name=b.txt\nContent-Disposition: attachment; filename=a.exe", "a.exe|b.txt"},
		{"same", "Content-Type: application/x; name=a.exe\nContent-Disposition: attachment; filename=a.exe", "a.exe"},
		{"extended", "Content-Disposition: attachment; filename=x.txt; filename*=UTF-8''%e2%82%ac.exe", "€.exe|x.txt"},
		{"latin1", "Content-Disposition: attachment; filename*=iso-8859-1'en'%A3.exe", "£.exe"},
		{"continued", "Content-Disposition: attachment; filename*1=\"b.exe\"; filename*0=\"a\"", "ab.exe|b.exea"},
		{"continued, encoded", "Content-Disposition: attachment;\n filename*0*=utf-8''%c3;\n filename*2=.exe;\n filename*1*=%a9", "é.exe|Ã.exe©"},
		{"words", `Content-Type: application/x; name="=?utf-8?B?w6k=?= =?utf-8?Q?_=2Eexe?="`, "é .exe"},
		{"split character", `Content-Type: application/x; name="=?utf-8?Q?=c3?= =?utf-8?Q?=a9.exe?="`, "é.exe"},
		{"words unquoted", "Content-Type: application/x; name==?utf-8?Q?a=2Eexe?=", "a.exe"},
		{"raw utf-8", "Content-Disposition: attachment; filename=\"é.exe\"", "é.exe"},
		{"raw windows-1252", "Content-Disposition: attachment; filename=\"\x80.exe\"", "€.exe"},
		{"blanks unquoted", "Content-Disposition: attachment; filename=my file.exe", "my file.exe"},
		{"blanks then parameter", "Content-Disposition: attachment; filename=my file.exe; size=3", "my file.exe"},
		{"no semicolon", "Content-Disposition: attachment filename=a.exe size=3", "a.exe"},
		{"unterminated", "Content-Disposition: attachment; filename=\"a.exe", "a.exe"},
		{"comment", "Content-Disposition: attachment (x); filename=a.exe (y)", "a.exe"},
		{"duplicate", "Content-Disposition: attachment; filename=a.txt; filename=b.exe", "a.txt|b.exe"},
		{"folded", "Content-Disposition: attachment;\n\tfilename=\"a\n b.exe\"", "a b.exe"},
		{"windows path", `Content-Disposition: attachment; filename="C:\new\a.exe"`, `C:\new\a.exe|a.exe|C:newa.exe`},
		{"upper case", "CONTENT-DISPOSITION: ATTACHMENT; FILENAME=A.EXE", "A.EXE"},
		{"continued, order of appearance", "Content-Disposition: attachment; filename*1=\"b\"; filename*0=\"a.exe\"", "a.exeb|ba.exe"},
		{"continued, gap", "Content-Disposition: attachment; filename*0=a.exe; filename*2=.txt", "a.exe.txt|a.exe"},
		{"continued, twice", "Content-Disposition: attachment; filename*0=a.; filename*1=txt; filename*1=exe", "a.txt|a.exe|a.txtexe"},
		{"extended beside continued", "Content-Disposition: attachment; filename*=utf-8''a.txt; filename*0=b.exe", "a.txt|b.exe"},
		{"continued, charset in each", "Content-Disposition: attachment; filename*0*=utf-8''%c3; filename*1*=utf-8''%a9.exe", "é.exe"},
		{"extended, unknown charset", "Content-Disposition: attachment; filename*=x-zzz''a%2eexe", "a.exe"},
		{"extended, no charset", "Content-Disposition: attachment; filename*=a%2eexe", "a.exe"},
		{"extended in a plain parameter", "Content-Disposition: attachment; filename=\"utf-8''a%2eexe\"", "utf-8''a%2eexe|utf-8''a.exe|a.exe"},
		{"percent signs", "Content-Disposition: attachment; filename=\"a%2eexe\"", "a%2eexe|a.exe"},
		{"word in and out of quotes", "Content-Disposition: attachment; filename=\"=?utf-8?Q?a=2Eexe?=\"\nContent-Type: a/b; name==?utf-8?B?Yi5leGU=?=", "a.exe|b.exe"},
		{"word, charset utf-7", "Content-Disposition: attachment; filename=\"=?utf-7?Q?a+AC4-exe?=\"", "a.exe"},
		{"word, unknown charset", "Content-Disposition: attachment; filename=\"=?x-zzz?Q?a=2Eexe?=\"", "a.exe"},
		{"word, language", "Content-Disposition: attachment; filename=\"=?us-ascii*en?Q?a=2Eexe?=\"", "a.exe"},
		{"word, broken", "Content-Disposition: attachment; filename=\"=?utf-8?X?a.exe?=\"", "=?utf-8?X?a.exe?="},
		{"both, duplicates", "Content-Disposition: attachment; filename=a\nContent-Disposition: attachment; filename=b\nContent-Type: x/y; name=c; name=d", "a|b|c|d"},
		{"path", "Content-Disposition: attachment; filename=\"../../a.exe\"", "../../a.exe|a.exe"},
		{"nul", "Content-Disposition: attachment; filename=\"a.exe\x00.txt\"", "a.exe\x00.txt|a.exe.txt|a.exe"},
		{"nul in the name of the parameter", "Content-Disposition: attachment; file\x00name=a.exe", "a.exe"},
		{"direction", "Content-Disposition: attachment; filename=\"a\u202etxt.exe\"", "a\u202etxt.exe|atxt.exe"},
		{"invisible", "Content-Disposition: attachment; filename=\"a.e\u200bxe\"", "a.e\u200bxe|a.exe"},
		{"trailing dots and blanks", "Content-Disposition: attachment; filename=\"a.exe. . \"", "a.exe. . |a.exe"},
		{"trailing no-break blank", "Content-Disposition: attachment; filename=\"a.exe\u00a0\"", "a.exe\u00a0|a.exe"},
		{"quoted pairs", `Content-Disposition: attachment; filename="a.e\xe"`, `a.e\xe|xe|a.exe`},
		{"behind quotes", `Content-Disposition: attachment; filename="a."exe`, "a.|a.exe|a"},
		{"semicolon in quotes", `Content-Disposition: attachment; filename="a.exe;.txt"`, "a.exe;.txt|a.exe"},
		{"single quotes", "Content-Disposition: attachment; filename='a.exe'", "'a.exe'"},
		{"joined characters", "Content-Disposition: attachment; filename=\"\u2764\ufe0f.exe\"", "\u2764\ufe0f.exe|\u2764.exe"},
		{"other fields", "Content-Name: a.exe\nX-Sun-Data-Name: b.exe\nContent-Description: c.exe", "a.exe|b.exe|c.exe"},
		{"comment in the name of the parameter", "Content-Disposition: attachment; filename(x)=a.exe", "a.exe"},
		{"blanks around =", "Content-Disposition: attachment; filename = \"a.exe\"", "a.exe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n"} {
				r := walkAll(t, strings.ReplaceAll(tt.header+"\n\nx", "\n", eol), Limits{})
				var got []string
				for _, n := range r.all[0].e.Names {
					got = append(got, n.Value)
				}
				if g := strings.Join(got, "|"); g != tt.want {
					t.Errorf("got %q, want %q", g, tt.want)
				}
			}
		})
	}
}

func TestHeader(t *testing.T) {
	r := walkAll(t, "Received: a\r\nReceived: b\r\nSubject: =?utf-8?Q?=C3=A9?=\r\n folded\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx", Limits{})
	h := r.all[0].e.Header()
	if got := h.Values("Received"); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("Received: %q", got)
	}
	if s, err := h.Text("Subject"); err != nil || s != "é folded" {
		t.Errorf("Subject: %q, %v", s, err)
	}
	for name, want := range map[string]string{"subject": "é folded", "Received": "a", "Sub": "", "To": ""} {
		if got := r.all[0].e.Text(name); got != want {
			t.Errorf("Text(%q) is %q, not %q", name, got, want)
		}
	}
	if ct, params, err := h.ContentType(); err != nil || ct != "text/plain" || params["charset"] != "utf-8" {
		t.Errorf("Content-Type: %q %q %v", ct, params, err)
	}
	if raw, err := h.Raw("Subject"); err != nil || string(raw) != "Subject: =?utf-8?Q?=C3=A9?=\r\n folded\r\n" {
		t.Errorf("raw: %q %v", raw, err)
	}
}
