package disk

import (
	"bytes"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/squashfs"
)

// openVolume opens a volume of any kind that is read. The error wraps ErrFormat
// for one that is not known.
func openVolume(dev *device.Device, l level.Limits) (level.Walker, error) {
	for _, open := range []func(*device.Device, level.Limits) (level.Walker, error){openFATDevice, openNTFSDevice, openExFATDevice, openHFSDevice, squashfs.OpenDevice, openISODevice, openUDFDevice} {
		if w, err := open(dev, l); err == nil {
			return w, nil
		}
	}
	return nil, level.ErrFormat
}

// volumeKind is a kind of volume that is known and not read.
type volumeKind struct {
	name  string
	off   int64
	magic string
	err   error
	sane  func(*device.Device) bool // asked for besides, where the magic is short
}

// unreadKinds are kinds of volumes that are not read, in the order in which they
// are asked for. Encrypted ones bear another's marks behind theirs.
var unreadKinds = [...]volumeKind{
	{"bitlocker", 3, "-FVE-FS-", level.ErrEncrypted, nil},
	{"luks", 0, "LUKS\xba\xbe", level.ErrEncrypted, nil},
	{"refs", 3, "ReFS\x00\x00\x00\x00", level.ErrUnsupported, nil},
	{"xfs", 0, "XFSB", level.ErrUnsupported, saneXFS},
	{"apfs", 32, "NXSB", level.ErrUnsupported, nil},
	{"lvm", 512, "LABELONE", level.ErrUnsupported, nil},
	{"btrfs", 0x10040, "_BHRfS_M", level.ErrUnsupported, nil},
	{"ext", 1080, "\x53\xef", level.ErrUnsupported, saneExt},
}

// unreadVolume tells a kind of volume that is not read; one without a name if
// there is none.
func unreadVolume(dev *device.Device) volumeKind {
	var buf [8]byte
	for _, kind := range unreadKinds {
		got := dev.Read(buf[:len(kind.magic)], kind.off)
		if string(got) == kind.magic && (kind.sane == nil || kind.sane(dev)) {
			return kind
		}
	}
	return volumeKind{}
}

// saneXFS asks for a block size.
func saneXFS(dev *device.Device) bool {
	var b [8]byte
	n := device.BE32(dev.Read(b[:], 0), 4)
	return n >= 512 && n <= 64<<10 && n&(n-1) == 0
}

// saneExt asks for more than the two bytes that mark an ext superblock (Linux,
// Documentation/filesystems/ext4): the block size, the state and the revision.
func saneExt(dev *device.Device) bool {
	var b [128]byte
	return dev.Full(b[:], 1024) && device.LE32(b[:], 24) <= 6 && device.LE32(b[:], 32) > 0 &&
		device.LE32(b[:], 0) > 0 && device.LE32(b[:], 4) > 0 && device.LE16(b[:], 58) <= 7 && device.LE32(b[:], 76) <= 1
}

// blank says that a volume begins with zeros, or is used for swapping: nothing
// has been put there as a file.
func blank(dev *device.Device) bool {
	var buf [8 << 10]byte
	got := dev.Read(buf[:], 0)
	if len(got) >= 4096 && string(got[4086:4096]) == "SWAPSPACE2" {
		return true
	}
	return len(bytes.Trim(got, "\x00")) == 0
}
