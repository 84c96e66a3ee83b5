package disk

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// mbrEntry is a partition of a forged boot record, in sectors.
type mbrEntry struct {
	kind     byte
	start, n uint32
}

func mbrOf(entries ...mbrEntry) []byte {
	b := make([]byte, device.SectorBytes)
	for i, e := range entries {
		at := b[446+16*i:]
		at[4] = e.kind
		binary.LittleEndian.PutUint32(at[8:], e.start)
		binary.LittleEndian.PutUint32(at[12:], e.n)
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

// partitioned puts volumes on a disk, from the second MiB on.
func partitioned(kind byte, volumes ...[]byte) []byte {
	var entries []mbrEntry
	disk := make([]byte, 1<<20)
	for _, v := range volumes {
		entries = append(entries, mbrEntry{kind, uint32(len(disk) / device.SectorBytes), uint32(len(v) / device.SectorBytes)})
		disk = append(disk, v...)
	}
	copy(disk, mbrOf(entries...))
	return disk
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func convert(t testing.TB, raw []byte, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.img")
	archivetest.Run(t, "qemu-img", append(append([]string{"convert", "-f", "raw", "-O"}, args...), writeFile(t, "raw.img", raw), out)...)
	return archivetest.Slurp(t, out)
}

func TestDiskTools(t *testing.T) {
	fat := fatImage(t, 16, 20_000, archivetest.TreeFiles())
	raw := partitioned(0x0e, fat)
	archivetest.CheckTree(t, Disk, raw, archivetest.TreeFiles())
	for name, c := range map[string]struct {
		format *level.Format
		args   []string
	}{
		"vhd-fixed":    {VHD, []string{"vpc", "-o", "subformat=fixed,force_size=on"}},
		"vhd-dynamic":  {VHD, []string{"vpc", "-o", "subformat=dynamic,force_size=on"}},
		"vhdx-fixed":   {VHDX, []string{"vhdx", "-o", "subformat=fixed"}},
		"vhdx-dynamic": {VHDX, []string{"vhdx", "-o", "subformat=dynamic,block_size=1M"}},
	} {
		t.Run(name, func(t *testing.T) {
			archivetest.CheckTree(t, c.format, convert(t, raw, c.args...), archivetest.TreeFiles())
		})
		t.Run(name+"-bare", func(t *testing.T) {
			archivetest.CheckTree(t, c.format, convert(t, fat, c.args...), archivetest.TreeFiles())
		})
	}
}

func TestDiskGPT(t *testing.T) {
	fat := fatImage(t, 12, 1440, archivetest.TreeFiles())
	disk := append(make([]byte, 1<<20), fat...)
	disk = append(disk, make([]byte, 1<<20)...)
	path := writeFile(t, "gpt.img", disk)
	archivetest.Run(t, "sgdisk", "-a", "1", "-n", "1:2048:+1440K", "-t", "1:0700", path)
	image := archivetest.Slurp(t, path)
	archivetest.CheckTree(t, Disk, image, archivetest.TreeFiles())
	clear(image[:4096]) // only the backup is left
	all, _, err := archivetest.ReadAll(t, Disk, image)
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, archivetest.TreeFiles())
}

func TestDiskExtended(t *testing.T) {
	fat := fatImage(t, 12, 1440, map[string]string{"a.js": archivetest.Payload})
	sectors := uint32(len(fat) / device.SectorBytes)
	disk := append(make([]byte, 4096*device.SectorBytes), fat...)
	copy(disk, mbrOf(mbrEntry{0x0f, 100, 8000}))
	copy(disk[100*device.SectorBytes:], mbrOf(mbrEntry{}, mbrEntry{0x05, 200, 8000}))
	copy(disk[300*device.SectorBytes:], mbrOf(mbrEntry{0x0e, 4096 - 300, sectors}, mbrEntry{0x05, 200, 8000})) // a loop
	all, _, err := archivetest.ReadAll(t, Disk, disk)
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// blankVolume is a volume of a kind that is not read.
func blankVolume(off int, magic string) []byte {
	b := make([]byte, 128<<10)
	copy(b[off:], magic)
	return b
}

func TestDiskUnread(t *testing.T) {
	for name, c := range map[string]struct {
		volume []byte
		class  error
	}{
		"ntfs":      {blankVolume(3, "NTFS    "), level.ErrMalformed},
		"exfat":     {blankVolume(3, "EXFAT   "), level.ErrMalformed},
		"hfs":       {blankVolume(1024, "H+\x00\x04"), level.ErrMalformed},
		"bitlocker": {blankVolume(3, "-FVE-FS-"), level.ErrEncrypted},
		"img":       {blankVolume(100, "who knows"), level.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			disks := map[string][]byte{"mbr": partitioned(7, c.volume)}
			if name != "img" {
				disks["bare"] = c.volume
			}
			for _, disk := range disks {
				if !archivetest.Detects(disk, Disk) {
					t.Error("not detected")
				}
				all, _, err := archivetest.ReadAll(t, Disk, disk)
				if err != nil || len(all) != 1 || !errors.Is(all[0].Err, c.class) || !strings.HasSuffix(all[0].Names[0], name) {
					t.Errorf("%d members, %v: %+v", len(all), err, all)
				}
			}
		})
	}
	all, _, err := archivetest.ReadAll(t, Disk, partitioned(7, make([]byte, 1<<20)))
	if err != nil || len(all) != 0 {
		t.Errorf("an empty partition: %d members, %v", len(all), err)
	}
}

// TestVHDSparse: what was never written costs no memory and little time.
func TestVHDSparse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse.vhd")
	archivetest.Run(t, "qemu-img", "create", "-f", "vpc", path, "1000G")
	all, r, err := archivetest.ReadAll(t, VHD, archivetest.Slurp(t, path))
	if err != nil || len(all) != 0 || len(archivetest.NoteNames(all, r)) != 0 {
		t.Errorf("%d members, %v", len(all), err)
	}
}

func TestVHDCut(t *testing.T) {
	raw := partitioned(0x0e, fatImage(t, 12, 1440, archivetest.TreeFiles()))
	image := convert(t, raw, "vpc", "-o", "subformat=dynamic")
	all, _, err := archivetest.ReadAll(t, VHD, image[:len(image)-600])
	if err != nil || !archivetest.Holds(all) {
		t.Errorf("a disk without its end: %d members, %v", len(all), err)
	}
	copy(image[len(image)-512+60:], "\x00\x00\x00\x04") // differencing
	all, _, err = archivetest.ReadAll(t, VHD, image)
	if err != nil || !archivetest.Holds(all) || !errors.Is(all[0].Err, level.ErrUnsupported) {
		t.Errorf("a differencing disk: %d members, %v", len(all), err)
	}
}
