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
		{"continued", "Content-Disposition: attachment; filename*1=\"b.exe\"; filename*0=\"a\"", "ab.exe"},
		{"continued, encoded", "Content-Disposition: attachment;\n filename*0*=utf-8''%c3;\n filename*2=.exe;\n filename*1*=%a9", "é.exe"},
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
		{"windows path", `Content-Disposition: attachment; filename="C:\new\a.exe"`, `C:\new\a.exe`},
		{"upper case", "CONTENT-DISPOSITION: ATTACHMENT; FILENAME=A.EXE", "A.EXE"},
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
	h := r.all[0].e.Header
	if got := h.Values("Received"); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("Received: %q", got)
	}
	if s, err := h.Text("Subject"); err != nil || s != "é folded" {
		t.Errorf("Subject: %q, %v", s, err)
	}
	if ct, params, err := h.ContentType(); err != nil || ct != "text/plain" || params["charset"] != "utf-8" {
		t.Errorf("Content-Type: %q %q %v", ct, params, err)
	}
	if raw, err := h.Raw("Subject"); err != nil || string(raw) != "Subject: =?utf-8?Q?=C3=A9?=\r\n folded\r\n" {
		t.Errorf("raw: %q %v", raw, err)
	}
}
