package mime

import (
	"strings"
	"testing"
)

func TestIsMessage(t *testing.T) {
	const mail = "From: a@example.org\nTo: b@example.org\nSubject: x\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMIME-Version: 1.0\n\nhi\n"
	for _, tt := range []struct {
		name, head string
		want       bool
	}{
		{"mail", mail, true},
		{"mbox", "From a@example.org Mon Jan  1 00:00:00 2024\n" + mail, true},
		{"received", "Received: from x\n\tby y; Mon\n" + mail, true},
		{"envelope", "X-Envelope-From: <a@b>\nX-Envelope-To: <c@d>\n" + mail, true},
		{"return path", "Return-Path: <>\n" + mail, true},
		{"bom", "\xef\xbb\xbf" + mail, true},
		{"leading blank", "\n" + mail, true},
		{"cut", mail[:60] + "\nMessage-ID: <x", true},
		{"author only", "From: a@example.org\nTo: b\nSubject: x\n\nhi", true},
		{"entity", "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: 7bit\n\n--x\n", true},
		{"multipart", "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n", true},
		{"milter's mbox line", "From clamav-milter\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n", true},
		{"junk line", "Received: a\nFrom: b\njunk\nSubject: x\n\n", true},
		{"empty", "", false},
		{"text", "Hello,\nhow are you?\n", false},
		{"reply", "On Monday you wrote:\n> From: a@b\n> To: c\n> Subject: d\n", false},
		{"html", "<html>\n<head><meta http-equiv=\"Content-Type\"></head>", false},
		{"shell", "#!/bin/sh\nFrom: a\nMIME-Version: 1.0\n", false},
		{"http", "HTTP/1.1 200 OK\nDate: Mon\nContent-Type: text/html\nServer: x\n\n", false},
		{"http without status", "Date: Mon, 1 Jan\nContent-Type: text/html\nServer: x\nFrom: a@b\n\n", false},
		{"yaml", "from: a@example.org\nto: b@example.org\nsubject: x\ndate: 2024\nstatus: y\n", false},
		{"source", "package main\n\nimport \"fmt\"\n", false},
		{"python", "def f():\n    return 1\n", false},
		{"c", "default:\n\tbreak;\ncase 1:\n", false},
		{"binary", "MZ\x90\x00\x03\x00\x00\x00\x04\x00", false},
		{"zip", "PK\x03\x04\x14\x00\x00\x00", false},
		{"control file", "Package: x\nVersion: 1.0\nPriority: optional\nStatus: installed\nMaintainer: a@b\n\n", false},
		{"vcard", "BEGIN:VCARD\nVERSION:3.0\nEMAIL:a@b\nEND:VCARD\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n", "\r"} {
				if got := IsMessage([]byte(strings.ReplaceAll(tt.head, "\n", eol))); got != tt.want {
					t.Errorf("line end %q: got %v, want %v", eol, got, tt.want)
				}
			}
		})
	}
}

func TestResembles(t *testing.T) {
	for head, want := range map[string]bool{
		"Content-Type: text/html\n\nx":               true,
		"junk\n\nSubject: x\nContent-Type: text/x\n": false, // the header ends before
		"junk\njunk too\nContent-Type: text/x\n\n":   true,
		"Subject: x\nDate: y\n\nz":                   true,
		"Subject: minutes of the meeting\n\nz":       false,
		"MIME-Version: 1.0\n":                        true,
		" Content-Transfer-Encoding : base64\n\nx":   false,
		"Content-Transfer-Encoding : base64\n\nx":    true,
		"hello\nworld\n":                             false,
		"":                                           false,
	} {
		if got := Resembles([]byte(head)); got != want {
			t.Errorf("%q: got %v", head, got)
		}
	}
}
