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

// peerFiles are what the archivers of the tests put in.
var peerFiles = []file{
	{name: "a.txt", data: "odd"},
	{name: "a-name-that-is-longer-than-sixteen-bytes.js", data: payload},
	{name: "empty"},
	{name: "z.bin", data: marker + "even"},
}

// peerDir makes a folder with peerFiles and returns it.
func peerDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range peerFiles {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shell runs a command in a folder and returns the file "out" that it makes.
func shell(t testing.TB, dir, command string) []byte {
	t.Helper()
	for _, word := range strings.Fields(command)[:1] {
		if _, err := exec.LookPath(word); err != nil {
			t.Skip(err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "OUT", out))
	cmd.Dir = dir
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, b)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantFiles fails unless a container is honest and holds these files, among
// others perhaps.
func wantFiles(t *testing.T, f Format, data []byte, files []file) {
	t.Helper()
	if !slices.Contains(Detect(bytes.NewReader(data), int64(len(data))), f) {
		t.Error("not detected")
	}
	all, r, err := readAll(t, f, data)
	if err != nil {
		t.Fatalf("%d members, %v", len(all), err)
	}
	for _, want := range files {
		i := slices.IndexFunc(all, func(g got) bool {
			return len(g.Names) > 0 && strings.TrimPrefix(g.Names[0], "./") == want.name
		})
		if i < 0 {
			t.Errorf("no %q", want.name)
		} else if all[i].data != want.data || all[i].err != nil || all[i].Err != nil {
			t.Errorf("%q: %d bytes of %d, %v", want.name, len(all[i].data), len(want.data), all[i].err)
		}
	}
	if n := noteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
}

func TestCpioPeers(t *testing.T) {
	dir := peerDir(t)
	for _, command := range []string{
		"cpio", "cpio -H newc", "cpio -H crc", "cpio -H odc", "cpio -H bin", "cpio -H hpodc", "cpio -H hpbin",
		"bsdtar --format=newc", "bsdtar --format=odc", "bsdtar --format=bin",
	} {
		t.Run(command, func(t *testing.T) {
			line := command + " -cf OUT *"
			if strings.HasPrefix(command, "cpio") {
				line = strings.Replace("cpio -o"+strings.TrimPrefix(command, "cpio")+" > OUT", "cpio -o", "cpio -o", 1)
				line = "ls | " + line
				if _, err := exec.LookPath("cpio"); err != nil {
					t.Skip(err)
				}
			}
			wantFiles(t, Cpio, shell(t, dir, line), peerFiles)
		})
	}
}

func TestArPeers(t *testing.T) {
	dir := peerDir(t)
	for _, command := range []string{"ar rc OUT *", "ar rcS OUT *", "bsdtar --format=arbsd -cf OUT *"} {
		t.Run(command, func(t *testing.T) { wantFiles(t, Ar, shell(t, dir, command), peerFiles) })
	}
}

func TestDebPeer(t *testing.T) {
	for codec, suffix := range map[string]string{"xz": ".xz", "gzip": ".gz", "zstd": ".zst", "none": ""} {
		t.Run(codec, func(t *testing.T) {
			dir := peerDir(t)
			control := "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m <m@example.org>\nDescription: d\n"
			if err := os.Mkdir(filepath.Join(dir, "DEBIAN"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "DEBIAN", "control"), []byte(control), 0o600); err != nil {
				t.Fatal(err)
			}
			if codec == "zstd" && exec.Command("sh", "-c", "dpkg-deb --help | grep -q zstd").Run() != nil {
				t.Skip("dpkg-deb does not know zstd")
			}
			deb := shell(t, dir, "dpkg-deb --root-owner-group -Z"+codec+" -b . OUT")
			all, r, err := readAll(t, Ar, deb)
			if err != nil || len(all) != 3 || len(noteNames(all, r)) > 0 {
				t.Fatalf("%d members, %v, %v", len(all), noteNames(all, r), err)
			}
			if all[2].Names[0] != "data.tar"+suffix {
				t.Errorf("names %q", all[2].Names)
			}
			wantFiles(t, Tar, unpacked(t, all[2].data), peerFiles)
		})
	}
}

// unpacked opens single-stream formats as often as it takes.
func unpacked(t *testing.T, data string) []byte {
	t.Helper()
	for range 5 {
		formats := Detect(strings.NewReader(data), int64(len(data)))
		if len(formats) == 0 || slices.Contains(formats, Tar) || slices.Contains(formats, Cpio) {
			break
		}
		all, _, err := readAll(t, formats[0], []byte(data))
		if err != nil || len(all) != 1 || all[0].err != nil {
			t.Fatalf("%s: %d members, %v", formats[0], len(all), err)
		}
		data = all[0].data
	}
	return []byte(data)
}

func TestRpmPeer(t *testing.T) {
	if _, err := exec.LookPath("rpmbuild"); err != nil {
		t.Skip(err)
	}
	for codec, suffix := range map[string]string{"w9.gzdio": ".gz", "w9.bzdio": ".bz2", "w2.xzdio": ".xz", "w2.lzdio": ".lzma", "w9.zstdio": ".zst", "w.ufdio": ""} {
		t.Run(codec, func(t *testing.T) {
			dir := peerDir(t)
			var files, install strings.Builder
			for _, f := range peerFiles {
				fmt.Fprintf(&files, "/opt/%s\n", f.name)
				fmt.Fprintf(&install, "cp %s/%s %%{buildroot}/opt/\n", dir, f.name)
			}
			spec := "Name: p\nVersion: 1\nRelease: 1\nSummary: s\nLicense: l\nBuildArch: noarch\n%define _binary_payload " + codec +
				"\n%description\nd\n%install\nmkdir -p %{buildroot}/opt\n" + install.String() + "%files\n" + files.String()
			if err := os.WriteFile(filepath.Join(dir, "p.spec"), []byte(spec), 0o600); err != nil {
				t.Fatal(err)
			}
			out := shell(t, dir, "rpmbuild -bb --quiet --define '_topdir "+dir+"/top' --define '_build_id_links none' p.spec && cp top/RPMS/noarch/*.rpm OUT")
			all, r, err := readAll(t, Rpm, out)
			if err != nil || len(all) != 1 || len(noteNames(all, r)) > 0 || all[0].err != nil {
				t.Fatalf("%d members, %v, %v", len(all), noteNames(all, r), err)
			}
			if all[0].Names[0] != "payload.cpio"+suffix {
				t.Errorf("names %q", all[0].Names)
			}
			var inside []file
			for _, f := range peerFiles {
				inside = append(inside, file{name: "opt/" + f.name, data: f.data})
			}
			wantFiles(t, Cpio, unpacked(t, all[0].data), inside)
		})
	}
}
