package ext

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// tree is TreeFiles and a folder that is large enough for a tree of hashes.
func tree() map[string]string {
	files := archivetest.TreeFiles()
	for i := range 400 {
		files[fmt.Sprintf("many/a name of some length %d.txt", i)] = fmt.Sprint("body ", i)
	}
	files["tiny"], files["short"], files["middle"] = "x", strings.Repeat("short ", 12), strings.Repeat("middle", 40)
	return files
}

// made makes a volume of files with the arguments of mke2fs.
func made(t testing.TB, files map[string]string, size string, args ...string) []byte {
	t.Helper()
	root, image := archivetest.Plant(t, files), filepath.Join(t.TempDir(), "ext.img")
	archivetest.Run(t, "mke2fs", append(append([]string{"-q", "-F", "-d", root}, args...), image, size)...)
	return archivetest.Slurp(t, image)
}

// kinds are arguments of mke2fs.
var kinds = []struct {
	name, size string
	args       []string
}{
	{"ext2", "6M", []string{"-t", "ext2"}},
	{"ext2-0", "6M", []string{"-t", "ext2", "-r", "0"}},
	{"ext2-4k", "8M", []string{"-t", "ext2", "-b", "4096"}},
	{"ext2-untyped", "6M", []string{"-t", "ext2", "-O", "^filetype,^sparse_super,^resize_inode"}},
	{"ext3", "20M", []string{"-t", "ext3", "-b", "1024"}},
	{"ext4", "20M", []string{"-t", "ext4"}},
	{"ext4-4k", "20M", []string{"-t", "ext4", "-b", "4096"}},
	{"ext4-2k", "20M", []string{"-t", "ext4", "-b", "2048", "-O", "^64bit"}},
	{"ext4-64k", "40M", []string{"-t", "ext4", "-b", "65536"}},
	{"ext4-inline", "20M", []string{"-t", "ext4", "-O", "inline_data", "-I", "256"}},
	{"ext4-inline-large", "20M", []string{"-t", "ext4", "-O", "inline_data", "-I", "1024"}},
	{"ext4-meta", "40M", []string{"-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode,^flex_bg"}},
	{"ext4-sparse2", "40M", []string{"-t", "ext4", "-b", "1024", "-O", "sparse_super2,meta_bg,^resize_inode"}},
	{"ext4-bigalloc", "40M", []string{"-t", "ext4", "-O", "bigalloc", "-C", "16384"}},
	{"ext4-bigalloc-1k", "40M", []string{"-t", "ext4", "-O", "bigalloc", "-b", "1024", "-C", "16384"}},
	{"ext4-small-inodes", "20M", []string{"-t", "ext4", "-I", "128", "-O", "^metadata_csum"}},
	{"ext4-groups", "20M", []string{"-t", "ext4", "-b", "1024", "-g", "1024"}},
}

func TestTools(t *testing.T) {
	files := tree()
	for _, c := range kinds {
		t.Run(c.name, func(t *testing.T) {
			archivetest.CheckTree(t, Format, made(t, files, c.size, c.args...), files)
		})
	}
}

// TestSparse: bytes behind holes, within the reach of each level of a block map and of
// several extents.
func TestSparse(t *testing.T) {
	body := make([]byte, 80<<20)
	files := map[string]string{}
	for i, at := range []int{0, 11 << 10, 13 << 10, 200 << 10, 400 << 10, 5 << 20, 68 << 20, 79 << 20} {
		copy(body[at:], fmt.Sprintf("%s %d", archivetest.Payload, i))
	}
	files["sparse"] = string(body)
	for name, args := range map[string][]string{"map": {"-t", "ext2", "-b", "1024"}, "extents": {"-t", "ext4", "-b", "1024"}} {
		t.Run(name, func(t *testing.T) { archivetest.CheckTree(t, Format, made(t, files, "16M", args...), files) })
	}
}

// TestBackup: without the first superblock and what follows it, the copies serve.
func TestBackup(t *testing.T) {
	files := archivetest.TreeFiles()
	for name, c := range map[string]struct {
		size string
		args []string
	}{"1k": {"20M", []string{"-t", "ext4", "-b", "1024"}}, "2k": {"48M", []string{"-t", "ext2", "-b", "2048"}}, "4k": {"200M", []string{"-t", "ext4", "-b", "4096", "-O", "^flex_bg"}}} {
		t.Run(name, func(t *testing.T) {
			image := made(t, files, c.size, c.args...)
			for _, spoil := range []func(b []byte){
				func(b []byte) { clear(b[superAt:][:superBytes]) },
				func(b []byte) { b[superAt+40]++ }, // inodes of a group
				func(b []byte) { copy(b[superAt:], "garbage of some length") },
			} {
				bad := bytes.Clone(image)
				spoil(bad)
				all, r, err := archivetest.ReadAll(t, Format, bad)
				if err != nil || !archivetest.Detects(bad, Format) {
					t.Fatal(err)
				}
				archivetest.CheckFiles(t, all, files, archivetest.Optional, archivetest.AnyFiles)
				if g := archivetest.Find(all, "readme.txt"); g == nil || g.Data != files["readme.txt"] {
					t.Errorf("%d members, %v", len(all), archivetest.NoteNames(all, r))
				}
			}
			clear(image[superAt:][:3<<10])
			all, r, err := archivetest.ReadAll(t, Format, image)
			if err != nil || !slices.Contains(archivetest.NoteNames(all, r), anomaly.Truncated) {
				t.Error(err)
			}
			archivetest.CheckFiles(t, all, files)
		})
	}
}

// debug makes changes with debugfs.
func debug(t testing.TB, image []byte, commands ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ext.img")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		archivetest.Run(t, "debugfs", "-w", "-R", c, path)
	}
	return archivetest.Slurp(t, path)
}

// TestLost: what no directory names is found by the bitmap; what was deleted is not.
func TestLost(t *testing.T) {
	files := archivetest.TreeFiles()
	image := made(t, files, "20M", "-t", "ext4")
	image = debug(t, image, "unlink /readme.txt", "unlink /folder", "rm \"/invoice from a very long name 2024.js\"")
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, g := range all {
		if strings.HasPrefix(g.Names[0], "#") {
			lost++
		}
	}
	if lost != 4 || len(all) != 4 {
		t.Errorf("%d of %d\n%s", lost, len(all), archivetest.Listing(all))
	}
}

// TestLinks: hard links are names of one member, and a link to a folder above ends.
func TestLinks(t *testing.T) {
	image := made(t, archivetest.TreeFiles(), "20M", "-t", "ext4")
	image = debug(t, image, "ln /readme.txt /folder/again", "ln / /folder/loop", "ln /folder /other")
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != len(archivetest.TreeFiles()) {
		t.Fatalf("%d members, %v\n%s", len(all), err, archivetest.Listing(all))
	}
	if g := archivetest.Find(all, "folder/again"); g == nil || g.Names[0] != "readme.txt" {
		t.Error("the second name is not there")
	}
}

// TestKinds: what 7-Zip extracts as a file is one, whatever its mode says; links and
// devices are none.
func TestKinds(t *testing.T) {
	image := made(t, archivetest.TreeFiles(), "20M", "-t", "ext4")
	image = debug(t, image, "set_inode_field /readme.txt mode 0160644", "symlink /link /readme.txt", "mknod /dev p", "symlink /long "+strings.Repeat("far/", 100))
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, archivetest.TreeFiles())
}

// TestFlags: what is encrypted, or waits for its journal, is said.
func TestFlags(t *testing.T) {
	image := made(t, archivetest.TreeFiles(), "20M", "-t", "ext4")
	all, _, err := archivetest.ReadAll(t, Format, debug(t, image, "set_inode_field /readme.txt flags 0x80800"))
	if g := archivetest.Find(all, "readme.txt"); err != nil || g == nil || !errors.Is(g.Err, level.ErrEncrypted) {
		t.Errorf("encrypted: %v", err)
	}
	all, _, err = archivetest.ReadAll(t, Format, debug(t, image, "feature needs_recovery"))
	if err != nil || !errors.Is(all[0].Err, level.ErrUnsupported) || !archivetest.Holds(all) {
		t.Errorf("journal: %d members, %v", len(all), err)
	}
}
