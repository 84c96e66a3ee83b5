package level

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Stored is the body of a member that lies in the container as it is.
type Stored struct {
	section *io.SectionReader
	member  *Member
	Short   bool // the container ends before the body

	// The sum of all bytes is compared with want at the end, if summed.
	Summed    bool
	sum, Want uint32
}

// NewStored is the size bytes at off of a container.
func NewStored(src io.ReaderAt, container, off, size int64, m *Member) Stored {
	return Stored{
		section: saferead.Section(src, off, size, container),
		member:  m,
		Short:   size > container-off,
	}
}

func (b *Stored) Read(p []byte) (int, error) {
	n, err := b.section.Read(p)
	if n > 0 && b.member.Dir {
		Note(b.member, anomaly.DirData)
	}
	if b.Summed {
		for _, c := range p[:n] {
			b.sum += uint32(c)
		}
	}
	if err != io.EOF {
		return n, err
	}
	if b.Short {
		Note(b.member, anomaly.Truncated)
		err = Truncated(err)
	} else if b.Summed && b.sum != b.Want {
		Note(b.member, anomaly.CRC)
	}
	return n, err
}

// AllZeros says whether b holds nothing but zeros.
func AllZeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
