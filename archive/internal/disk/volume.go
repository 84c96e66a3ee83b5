package disk

import (
	"bytes"

	"github.com/fivefifty/fivefifty/archive/internal/apfs"
	"github.com/fivefifty/fivefifty/archive/internal/cramfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/ext"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/squashfs"
)

// volumes are the kinds of volumes that are read, each of which says ErrFormat to what is
// of another.
var volumes = [...]func(*device.Device, level.Limits) (level.Walker, error){
	openFATDevice, openNTFSDevice, openExFATDevice, openHFSDevice, ext.OpenDevice, squashfs.OpenDevice, cramfs.OpenDevice, apfs.OpenDevice, openISODevice, openUDFDevice,
}

// openVolume opens a volume as every kind that it is of: marks stand at different places,
// and what mounts a volume may be told which to go by. The error wraps ErrFormat for one
// that is not known.
func openVolume(dev *device.Device, l level.Limits) ([]level.Walker, error) {
	var all []level.Walker
	for _, open := range volumes {
		if w, err := open(dev, l); err == nil {
			all = append(all, w)
		}
	}
	if len(all) == 0 {
		return nil, level.ErrFormat
	}
	return all, nil
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
	{"lvm", 512, "LABELONE", level.ErrUnsupported, nil},
	{"btrfs", 0x10040, "_BHRfS_M", level.ErrUnsupported, nil},
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
