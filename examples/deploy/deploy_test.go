// Package deploy has what is needed to run the programs as services: systemd units
// and a Dockerfile. Its tests check those, and what each program says of itself.
package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var programs = []string{"relay", "milter", "clamd"}

// bin is where the programs are.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fivefifty")
	if err == nil {
		args := []string{"build", "-o", dir + "/"}
		for _, name := range programs {
			args = append(args, "../"+name)
		}
		var out []byte
		if out, err = exec.Command("go", args...).CombinedOutput(); err != nil {
			os.Stderr.Write(out)
		}
	}
	if err != nil {
		panic(err)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// TestUnits has systemd judge the units, with a program that is there.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	dir := t.TempDir()
	files, err := filepath.Glob("systemd/*")
	if err != nil || len(files) != 2*len(programs) {
		t.Fatalf("units %v, %v", files, err)
	}
	verify, security := []string{"verify", "--man=no", "--recursive-errors=no"}, []string{"security", "--offline=true", "--threshold=30"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		program := strings.TrimSuffix(name, filepath.Ext(name))
		changed := strings.ReplaceAll(string(text), "/usr/local/bin/"+program+" ", "/bin/true ")
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		verify = append(verify, path)
		if filepath.Ext(name) == ".service" {
			security = append(security, path)
		}
	}
	for _, args := range [][]string{verify, security} {
		out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

// Each program takes the file that documents it, names what it does not know with
// its line, and tells an operator what there is to know.
func TestPrograms(t *testing.T) {
	dir := t.TempDir()
	for _, name := range programs {
		bin := filepath.Join(bin, name)
		file := filepath.Join("..", name, "default.toml")
		if out, err := exec.Command(bin, "check", "--config", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "configuration is good") {
			t.Errorf("%s check: %v\n%s", name, err, out)
		}
		bad := filepath.Join(dir, "bad.toml")
		if err := os.WriteFile(bad, []byte("[limits]\nsomthing = 1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(bin, "check", "--config", bad).CombinedOutput()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), `bad.toml:2: unknown key "limits.somthing"`) {
			t.Errorf("%s check of a wrong file: %v\n%s", name, err, out)
		}
		help, err := exec.Command(bin, "--help").Output()
		for _, word := range []string{"-config", "SIGHUP", "SIGTERM", "Exit status", "/etc/fivefifty/" + name + ".toml"} {
			if err != nil || !strings.Contains(string(help), word) {
				t.Errorf("%s --help: %v, no %q", name, err, word)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := exec.Command(bin, "--defaults").Output(); err != nil || string(got) != string(want) {
			t.Errorf("%s --defaults: %v, %d bytes", name, err, len(got))
		}
	}
}
