package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func fatImage(t testing.TB, bits int, kib int, files map[string]string) []byte {
	t.Helper()
	root := archivetest.Plant(t, files)
	image := filepath.Join(t.TempDir(), "fat.img")
	archivetest.Run(t, "mkfs.vfat", "-C", "-F", fmt.Sprint(bits), "-n", "LABEL", image, fmt.Sprint(kib))
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		archivetest.Run(t, "mcopy", "-s", "-i", image, filepath.Join(root, e.Name()), "::")
	}
	return archivetest.Slurp(t, image)
}

func TestFATTools(t *testing.T) {
	for _, c := range []struct{ bits, kib int }{{12, 1440}, {16, 20_000}, {32, 40_000}} {
		t.Run(fmt.Sprintf("fat%d", c.bits), func(t *testing.T) {
			archivetest.CheckTree(t, FAT, fatImage(t, c.bits, c.kib, archivetest.TreeFiles()), archivetest.TreeFiles())
		})
	}
}
