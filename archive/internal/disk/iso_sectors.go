package disk

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// isoLayout is how an image keeps the 2,048 bytes of user data of each sector.
type isoLayout struct {
	stride int64 // bytes of a sector in the image
	skip   int64 // bytes before the user data
}

// isoLayouts are a plain image, and dumps of whole sectors of mode 1 and mode 2
// form 1 (ECMA-130 section 14, and the CD-ROM XA specification), with and without
// subchannel data.
var isoLayouts = [...]isoLayout{{2048, 0}, {2352, 16}, {2352, 24}, {2336, 8}, {2448, 16}, {2448, 24}}

// device shows the user data of dev's sectors in one piece.
func (l isoLayout) device(dev *device.Device) *device.Device {
	if l.stride == isoSector {
		return dev
	}
	sectors := dev.Size / l.stride
	return dev.Derive(&isoSectors{dev, l}, sectors*isoSector)
}

type isoSectors struct {
	dev    *device.Device
	layout isoLayout
}

func (s *isoSectors) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		in := off % isoSector
		part := p[done:min(len(p), done+int(isoSector-in))]
		n, err := s.dev.ReadAt(part, off/isoSector*s.layout.stride+s.layout.skip+in)
		done += n
		off += int64(n)
		if n < len(part) {
			if err == nil {
				err = io.EOF
			}
			return done, err
		}
	}
	return done, nil
}
