package unix

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
)

// peerFiles are what the archivers of the tests put in.
var peerFiles = []archivetest.File{
	{Name: "a.txt", Data: "odd"},
	{Name: "a-name-that-is-longer-than-sixteen-bytes.js", Data: archivetest.Payload},
	{Name: "empty"},
	{Name: "z.bin", Data: archivetest.Marker + "even"},
}

// peerDir makes a folder with peerFiles and returns it.
func peerDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range peerFiles {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wantFiles fails unless a container is honest and holds these files, among
// others perhaps.
func wantFiles(t *testing.T, f *level.Format, data []byte, files []archivetest.File) {
	t.Helper()
	if !archivetest.Detects(data, f) {
		t.Error("not detected")
	}
	all, r, err := archivetest.ReadAll(t, f, data)
	if err != nil {
		t.Fatalf("%d members, %v", len(all), err)
	}
	for _, want := range files {
		i := slices.IndexFunc(all, func(g archivetest.Got) bool {
			return len(g.Names) > 0 && strings.TrimPrefix(g.Names[0], "./") == want.Name
		})
		if i < 0 {
			t.Errorf("no %q", want.Name)
		} else if all[i].Data != want.Data || all[i].Fault != nil || all[i].Err != nil {
			t.Errorf("%q: %d bytes of %d, %v", want.Name, len(all[i].Data), len(want.Data), all[i].Fault)
		}
	}
	if n := archivetest.NoteNames(all, r); len(n) > 0 {
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
			wantFiles(t, Cpio, archivetest.Shell(t, dir, line), peerFiles)
		})
	}
}

func TestArPeers(t *testing.T) {
	dir := peerDir(t)
	for _, command := range []string{"ar rc OUT *", "ar rcS OUT *", "bsdtar --format=arbsd -cf OUT *"} {
		t.Run(command, func(t *testing.T) { wantFiles(t, Ar, archivetest.Shell(t, dir, command), peerFiles) })
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
			deb := archivetest.Shell(t, dir, "dpkg-deb --root-owner-group -Z"+codec+" -b . OUT")
			all, r, err := archivetest.ReadAll(t, Ar, deb)
			if err != nil || len(all) != 3 || len(archivetest.NoteNames(all, r)) > 0 {
				t.Fatalf("%d members, %v, %v", len(all), archivetest.NoteNames(all, r), err)
			}
			if all[2].Names[0] != "data.tar"+suffix {
				t.Errorf("names %q", all[2].Names)
			}
			wantFiles(t, Tar, unpacked(t, all[2].Data), peerFiles)
		})
	}
}

// unpacked opens single-stream formats as often as it takes.
func unpacked(t *testing.T, data string) []byte {
	t.Helper()
	for range 5 {
		formats := archivetest.Detected([]byte(data), stream.Gzip, stream.Bzip2, stream.Xz, stream.Lzma, stream.Zstd)
		if len(formats) == 0 {
			break
		}
		all, _, err := archivetest.ReadAll(t, formats[0], []byte(data))
		if err != nil || len(all) != 1 || all[0].Fault != nil {
			t.Fatalf("%s: %d members, %v", formats[0], len(all), err)
		}
		data = all[0].Data
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
				fmt.Fprintf(&files, "/opt/%s\n", f.Name)
				fmt.Fprintf(&install, "cp %s/%s %%{buildroot}/opt/\n", dir, f.Name)
			}
			spec := "Name: p\nVersion: 1\nRelease: 1\nSummary: s\nLicense: l\nBuildArch: noarch\n%define _binary_payload " + codec +
				"\n%description\nd\n%install\nmkdir -p %{buildroot}/opt\n" + install.String() + "%files\n" + files.String()
			if err := os.WriteFile(filepath.Join(dir, "p.spec"), []byte(spec), 0o600); err != nil {
				t.Fatal(err)
			}
			out := archivetest.Shell(t, dir, "rpmbuild -bb --quiet --define '_topdir "+dir+"/top' --define '_build_id_links none' p.spec && cp top/RPMS/noarch/*.rpm OUT")
			all, r, err := archivetest.ReadAll(t, Rpm, out)
			if err != nil || len(all) != 1 || len(archivetest.NoteNames(all, r)) > 0 || all[0].Fault != nil {
				t.Fatalf("%d members, %v, %v", len(all), archivetest.NoteNames(all, r), err)
			}
			if all[0].Names[0] != "payload.cpio"+suffix {
				t.Errorf("names %q", all[0].Names)
			}
			var inside []archivetest.File
			for _, f := range peerFiles {
				inside = append(inside, archivetest.File{Name: "opt/" + f.Name, Data: f.Data})
			}
			wantFiles(t, Cpio, unpacked(t, all[0].Data), inside)
		})
	}
}
