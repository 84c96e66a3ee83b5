package archive

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tool skips the test if a program is not installed.
func program(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// run runs a program that must succeed.
func run(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(program(t, name), args...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// treeFiles are what the images in these tests hold.
func treeFiles() map[string]string {
	big := strings.Repeat("0123456789abcdef", 20_000)
	return map[string]string{
		"readme.txt":                             "read me\n",
		"invoice from a very long name 2024.js":  payload,
		"folder/deeper/größe.txt":                "umlaut",
		"folder/big.bin":                         big,
		"folder/deeper/and deeper/one more/a.js": marker,
	}
}

// plant writes files under a fresh folder.
func plant(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "tree")
	for name, body := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func slurp(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkTree reads an honest image, which must hold just the files, under their
// names, without any complaint.
func checkTree(t *testing.T, f Format, image []byte, files map[string]string, how ...leniency) {
	t.Helper()
	if found := Detect(bytes.NewReader(image), int64(len(image))); !slices.Contains(found, f) {
		t.Fatalf("detected as %v", found)
	}
	all, r, err := readAll(t, f, image)
	if err != nil {
		t.Fatalf("after %d members: %v", len(all), err)
	}
	if notes := noteNames(all, r); len(notes) > 0 {
		t.Errorf("anomalies of an honest image: %v", notes)
	}
	checkFiles(t, all, files, how...)
}

// leniency says what a comparison does not ask for.
type leniency int

const (
	optional leniency = iota // files may be missing
	anyFiles                 // there may be others
)

func checkFiles(t *testing.T, all []got, files map[string]string, how ...leniency) {
	t.Helper()
	for name, body := range files {
		found := false
		for _, g := range all {
			found = found || slices.Contains(g.Names, name) && g.data == body && g.err == nil
		}
		if !found && !slices.Contains(how, optional) {
			t.Errorf("%q is missing", name)
		}
	}
	for _, g := range all {
		known := false
		for _, body := range files {
			known = known || g.data == body
		}
		if !known && !slices.Contains(how, anyFiles) || g.err != nil {
			t.Errorf("unexpected member %q: %d bytes, %v", g.Names, len(g.data), g.err)
		}
	}
}

func fatImage(t testing.TB, bits int, kib int, files map[string]string) []byte {
	t.Helper()
	root := plant(t, files)
	image := filepath.Join(t.TempDir(), "fat.img")
	run(t, "mkfs.vfat", "-C", "-F", fmt.Sprint(bits), "-n", "LABEL", image, fmt.Sprint(kib))
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		run(t, "mcopy", "-s", "-i", image, filepath.Join(root, e.Name()), "::")
	}
	return slurp(t, image)
}

func TestFATTools(t *testing.T) {
	for _, c := range []struct{ bits, kib int }{{12, 1440}, {16, 20_000}, {32, 40_000}} {
		t.Run(fmt.Sprintf("fat%d", c.bits), func(t *testing.T) {
			checkTree(t, FAT, fatImage(t, c.bits, c.kib, treeFiles()), treeFiles())
		})
	}
}
