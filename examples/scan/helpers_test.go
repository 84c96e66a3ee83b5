package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// virus is EICAR's test file, assembled so that nothing takes this source for it.
func virus() string {
	return strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR`, "STANDARD", "ANTIVIRUS", "TEST", "FILE!$H+H*"}, "-")
}

// attach is a message with one attachment.
func attach(name, body string) string {
	return "From: a@a.example\r\nTo: b@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n" +
		"--b\r\nContent-Type: application/octet-stream; name=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte(body)) + "\r\n--b--\r\n"
}

func cleanMail() string    { return attach("hello.txt", "hello, world") }
func infectedMail() string { return attach("e.com", virus()) }

// zipped is a zip with members of these names and bodies, in turns.
func zipped(t *testing.T, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i])
		if err == nil {
			_, err = f.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sevenZip starts as a 7z does, which is not opened.
const sevenZip = "7z\xbc\xaf\x27\x1c\x00\x04abcdefghijklmnopqrstuvwxyz"

// folder writes files of these names and contents, in turns.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, filepath.FromSlash(files[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type outcome struct {
	code           int
	stdout, stderr string
}

// scan runs the program on a UTF-8 system.
func scan(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr, environment("LANG", "C.UTF-8"))
	return outcome{code, stdout.String(), stderr.String()}
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// documents parses the lines of a run with --json.
func (o outcome) documents(t *testing.T) (docs []map[string]any) {
	t.Helper()
	for line := range strings.Lines(o.stdout) {
		var d map[string]any
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		docs = append(docs, d)
	}
	return docs
}

var seconds = regexp.MustCompile(`in [0-9.]+ s:`)

// stable leaves out what differs from run to run: folders and times.
func (o outcome) stable(dir string) string {
	text := strings.ReplaceAll(o.stdout, dir+string(filepath.Separator), "")
	return seconds.ReplaceAllString(text, "in T s:")
}
