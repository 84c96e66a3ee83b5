package disk

import (
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Image is a disk that a file of another format describes.
type Image struct {
	Disk    *device.Device
	Missing []error      // what the file says that it does not hold; a member each
	Fault   func() error // what was found broken while the disk was read; nil if nothing can be
}

// OpenImage opens the disk of an image.
func OpenImage(i Image, l level.Limits) (level.Walker, error) {
	w, err := openDiskDevice(i.Disk, l)
	if err != nil {
		return nil, err
	}
	w.given, w.fault = i.Missing, i.Fault
	return w, nil
}
