package disk

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// linuxVolumes are volumes of rooms of their own, with the files of a tree.
func linuxVolumes(t *testing.T, files map[string]string) map[string][]byte {
	root := archivetest.Plant(t, files)
	all := map[string][]byte{}
	for name, command := range map[string][]string{
		"ext2": {"mke2fs", "-q", "-F", "-t", "ext2", "-d", root, "IMAGE", "4M"}, "ext4": {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", root, "IMAGE", "8M"},
		"cramfs": {"mkfs.cramfs", "-p", root, "IMAGE"}, "squashfs": {"mksquashfs", root, "IMAGE", "-quiet", "-no-progress"}, "iso": {"genisoimage", "-quiet", "-R", "-o", "IMAGE", root},
	} {
		image := filepath.Join(t.TempDir(), name)
		for i, arg := range command {
			if arg == "IMAGE" {
				command[i] = image
			}
		}
		archivetest.Run(t, command[0], command[1:]...)
		b := archivetest.Slurp(t, image)
		all[name] = append(b, make([]byte, -len(b)&4095)...)
	}
	return all
}

// TestVolumes: each kind of volume is reached through each kind of table, and bare
// within an image.
func TestVolumes(t *testing.T) {
	files := map[string]string{"a.txt": "some text", "d/p.js": archivetest.Payload}
	for name, volume := range linuxVolumes(t, files) {
		sectors := uint32(len(volume) / device.SectorBytes)
		gpt := append(append(make([]byte, 1<<20), volume...), make([]byte, 1<<20)...)
		path := writeFile(t, "gpt.img", gpt)
		archivetest.Run(t, "sgdisk", "-a", "1", "-n", "1:2048:+"+fmt.Sprint(len(volume)/1024)+"K", "-t", "1:8300", path)
		hybrid := archivetest.Slurp(t, path)
		e := hybrid[446+16:]
		e[4] = 0x83
		binary.LittleEndian.PutUint32(e[8:], 2048)
		binary.LittleEndian.PutUint32(e[12:], sectors)
		extended := append(make([]byte, 4096*device.SectorBytes), volume...)
		copy(extended, mbrOf(mbrEntry{0x05, 100, 4000 + sectors}))
		copy(extended[100*device.SectorBytes:], mbrOf(mbrEntry{0x83, 3996, sectors}))
		for table, disk := range map[string][]byte{
			"mbr": partitioned(0x83, volume), "extended": extended, "gpt": archivetest.Slurp(t, path), "hybrid": hybrid, "apple": archivetest.AppleDisk("Apple_UNIX_SVR2", volume),
		} {
			t.Run(name+"-"+table, func(t *testing.T) { archivetest.CheckTree(t, Disk, disk, files) })
		}
		t.Run(name+"-bare", func(t *testing.T) { archivetest.CheckTree(t, VHD, forgeVHD(volume), files) })
		if name == "ext2" || name == "iso" {
			// There is room for a boot record before the superblock or the descriptors.
			booted := append([]byte(nil), volume...)
			copy(booted[440:512], mbrOf(mbrEntry{0x83, 8, 8})[440:])
			t.Run(name+"-booted", func(t *testing.T) { archivetest.CheckTree(t, VHD, forgeVHD(booted), files) })
		}
	}
}

// TestTwoKinds: a partition that is two volumes at once is read as both.
func TestTwoKinds(t *testing.T) {
	volume := forgeFAT(12, fatTree...)
	both := append([]byte(nil), shortISO()...)
	copy(both, volume[:16*isoSector])
	all, _, err := archivetest.ReadAll(t, Disk, partitioned(7, both))
	if err != nil || len(all) != 2 || all[0].Data == all[1].Data || !archivetest.Holds(all) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}
