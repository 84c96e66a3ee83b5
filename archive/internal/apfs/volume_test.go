package apfs_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/apfs"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/dmg"
)

// TestGPT: a container in a partition of its type, and of another.
func TestGPT(t *testing.T) {
	volume, files := apfs.Seed()
	for name, kind := range map[string]string{"apfs": "af0a", "other": "8300"} {
		image := append(append(make([]byte, 20<<10), volume...), make([]byte, 1<<20)...)
		path := filepath.Join(t.TempDir(), "gpt.img")
		if err := os.WriteFile(path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		archivetest.Run(t, "sgdisk", "-a", "1", "-n", fmt.Sprintf("1:40:+%dK", len(volume)/1024), "-t", "1:"+kind, path)
		image = archivetest.Slurp(t, path)
		t.Run(name, func(t *testing.T) { archivetest.CheckTree(t, disk.Disk, image, files) })
		// The newest superblock alone says where the container is, and not to whom.
		if archivetest.Detects(image, apfs.Format) {
			t.Error("the disk is taken for a container")
		}
	}
}

// TestAppleMap: a container behind Apple's partition map.
func TestAppleMap(t *testing.T) {
	volume, files := apfs.Seed()
	archivetest.CheckTree(t, disk.Disk, archivetest.AppleDisk("Apple_APFS", volume), files)
}

// TestImage: the partition of a disk image is a container.
func TestImage(t *testing.T) {
	volume, files := apfs.Seed()
	be := binary.BigEndian
	packed := archivetest.ZlibOf(string(volume))
	table := make([]byte, 204+2*40)
	copy(table, "mish\x00\x00\x00\x01")
	be.PutUint64(table[16:], uint64(len(volume)/device.SectorBytes))
	be.PutUint32(table[200:], 2)
	be.PutUint32(table[204:], 0x80000005)
	be.PutUint64(table[204+16:], uint64(len(volume)/device.SectorBytes))
	be.PutUint64(table[204+32:], uint64(len(packed)))
	be.PutUint32(table[244:], 0xffffffff)
	list := "<plist><dict><data>" + base64.StdEncoding.EncodeToString(table) + "</data><key>Name</key><string>disk image (Apple_APFS : 4)</string></dict></plist>"
	trailer := make([]byte, 512)
	copy(trailer, "koly\x00\x00\x00\x04")
	be.PutUint64(trailer[216:], uint64(len(packed)))
	be.PutUint64(trailer[224:], uint64(len(list)))
	image := bytes.Join([][]byte{[]byte(packed), []byte(list), trailer}, nil)
	all, _, err := archivetest.ReadAll(t, dmg.Format, image)
	if err != nil || len(all) != 1 || all[0].Fault != nil {
		t.Fatal(err, archivetest.Listing(all))
	}
	archivetest.CheckTree(t, apfs.Format, []byte(all[0].Data), files)
}
