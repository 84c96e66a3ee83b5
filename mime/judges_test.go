package mime

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// judge returns the path of a program that encodes or decodes what this package
// decodes, or skips the test where it is not installed.
func judge(t *testing.T, program, debian string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s (Debian: %s) is not installed", program, debian)
	}
	return path
}

// TestAgainstUUEncode carves what GNU uuencode writes.
func TestAgainstUUEncode(t *testing.T) {
	uuencode := judge(t, "uuencode", "sharutils")
	for _, options := range [][]string{nil, {"-m"}, {"-m", "-e"}, {"-e"}} {
		for _, n := range []int{0, 1, 2, 44, 45, 1000} {
			data := randomBytes(n)
			cmd := exec.Command(uuencode, append(options, "a b.exe")...)
			cmd.Stdin = bytes.NewReader(data)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			files := carvedFrom(t, "hello\n"+string(out)+"bye\n")
			if len(files) != 1 || !bytes.Equal(files[0].body.Bytes(), data) || len(files[0].e.Anomalies) > 0 || files[0].e.Names[0].Value != "a b.exe" {
				t.Errorf("%v, %d bytes: %q", options, n, out)
			}
		}
	}
}

// TestAgainstUUDecode holds irregular files against GNU uudecode: what it gets out
// is one of the readings.
func TestAgainstUUDecode(t *testing.T) {
	uudecode := judge(t, "uudecode", "sharutils")
	for _, text := range []string{
		"begin 644 a\n%:&5L;&\\\n`\nend\n",
		"begin 644 a\n#86)c\n`\nend\n",               // outside the alphabet
		"begin 644 a\n#86)C checksum\n`\nend\n",      // too long
		"begin 644 a\n#86)C\n`\n#86)C\n`\nend\n",     // past a line of no bytes
		"begin 644 a\n#86)C\n \nend\n",               // ends in a blank
		"x\n\nbegin 644 a\n!80``\n`\nend\nbegin 1\n", // text around it
		"begin-base64 644 a\nQUJD\nRA==\n====\n",
	} {
		cmd := exec.Command(uudecode, "-o", "/dev/stdout")
		cmd.Stdin = strings.NewReader(text)
		want, err := cmd.Output()
		if err != nil && len(want) == 0 {
			t.Logf("%q: uudecode gets nothing: %v", text, err)
			continue
		}
		found := false
		for _, f := range carvedFrom(t, text) {
			found = found || bytes.Equal(f.body.Bytes(), want)
		}
		if !found {
			t.Errorf("%q: uudecode gets %q", text, want)
		}
	}
}

// TestAgainstUUDeview has UUDeview encode and decode each of its formats.
func TestAgainstUUDeview(t *testing.T) {
	uuenview, uudeview := judge(t, "uuenview", "uudeview"), judge(t, "uudeview", "uudeview")
	for _, n := range []int{100, 3000} {
		dir := t.TempDir()
		data := randomBytes(n)
		if err := os.WriteFile(filepath.Join(dir, "a.exe"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, option := range []string{"-u", "-x", "-y"} {
			cmd := exec.Command(uuenview, option, "a.exe")
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			r := walkAll(t, "Subject: x\n\n"+string(out), Limits{})
			if len(r.all) != 2 || !bytes.Equal(r.all[1].body.Bytes(), data) || len(r.all[1].e.Anomalies) > 0 || r.all[1].e.Names[0].Value != "a.exe" {
				t.Errorf("%s of %d: %.2000s", option, n, r)
			}
		}
		if n < 1000 {
			continue // uudeview takes short xxencode for uuencode, its own too
		}
		for format, text := range map[string]string{
			"uu": "begin 644 b.exe\n" + uuLines(data, uuChars), "xx": "begin 644 b.exe\n" + uuLines(data, xxChars),
			"yenc": yFileOf("b.exe", data), "binhex": binHexOf("b.exe", data, nil),
		} {
			os.Remove(filepath.Join(dir, "b.exe"))
			cmd := exec.Command(uudeview, "-i", "-o", "-d", "-p", dir, "-")
			cmd.Stdin = strings.NewReader("Subject: x\n\n" + text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", format, err, out)
				continue
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "b.exe")); !bytes.Equal(got, data) {
				t.Errorf("%s of %d: uudeview gets %d bytes", format, n, len(got))
			}
		}
	}
}

// TestAgainstHexbin has macutils' hexbin decode what this package carves.
func TestAgainstHexbin(t *testing.T) {
	hexbin := judge(t, "hexbin", "macutils")
	dir := t.TempDir()
	data, rsrc := randomBytes(5000), bytes.Repeat([]byte{7, 0x90, 0x90, 0x90, 0x90, 9}, 200)
	text := binHexOf("file", data, rsrc)
	cmd := exec.Command(hexbin, "-3")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := carvedFrom(t, text)
	for i, ext := range []string{".data", ".rsrc"} {
		want, err := os.ReadFile(filepath.Join(dir, "file"+ext))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(files[i].body.Bytes(), want) {
			t.Errorf("%s differs", ext)
		}
	}
}

// TestAgainstPython holds bodies against what Python's binascii makes of them,
// which its email package uses.
func TestAgainstPython(t *testing.T) {
	python := judge(t, "python3", "python3")
	const script = `
import sys, json, binascii
out = []
for kind, body in json.load(sys.stdin):
    b = body.encode("latin-1")
    try:
        got = binascii.a2b_base64(b) if kind == "base64" else binascii.a2b_qp(b)
        out.append(got.decode("latin-1"))
    except Exception:
        out.append(None)
json.dump(out, sys.stdout)
`
	bodies := [][2]string{
		{"base64", "QUJD"}, {"base64", "QQ==QkM="}, {"base64", "QU=JD"}, {"base64", "Q=U=J=D"}, {"base64", "QUJD=REVG"}, {"base64", "=QUJD"},
		{"base64", "QU!JD\n"}, {"base64", "QQ=QUJD"}, {"base64", "QUI=QUJD"}, {"base64", "QUJDQ=Q="},
		{"quoted-printable", "a==3D"}, {"quoted-printable", "a=\nb=zz=4"}, {"quoted-printable", "=c3=A9=="}, {"quoted-printable", "a=\r\nb"},
	}
	in, _ := json.Marshal(bodies)
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []*string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, b := range bodies {
		if want[i] == nil {
			continue
		}
		bytewise := make([]byte, 0, len(*want[i]))
		for _, c := range *want[i] {
			bytewise = append(bytewise, byte(c))
		}
		readings := readingsOf(t, b[0], b[1])
		found := false
		for _, got := range readings {
			found = found || got == string(bytewise)
		}
		if !found {
			t.Errorf("%s %q: Python gets %q, readings %q", b[0], b[1], bytewise, readings)
		}
	}
}
