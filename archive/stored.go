package archive

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// storedBody is the body of a member that lies in the container as it is.
type storedBody struct {
	section *io.SectionReader
	member  *Member
	short   bool // the container ends before the body

	// The sum of all bytes is compared with want at the end, if summed.
	summed    bool
	sum, want uint32
}

// newStoredBody is the size bytes at off of a container.
func newStoredBody(src io.ReaderAt, container, off, size int64, m *Member) storedBody {
	return storedBody{
		section: saferead.Section(src, off, size, container),
		member:  m,
		short:   size > container-off,
	}
}

func (b *storedBody) Read(p []byte) (int, error) {
	n, err := b.section.Read(p)
	if n > 0 && b.member.Dir {
		b.member.note(AnomalyDirData)
	}
	if b.summed {
		for _, c := range p[:n] {
			b.sum += uint32(c)
		}
	}
	if err != io.EOF {
		return n, err
	}
	if b.short {
		b.member.note(AnomalyTruncated)
		err = truncated(err)
	} else if b.summed && b.sum != b.want {
		b.member.note(AnomalyCRC)
	}
	return n, err
}

// allZeros says whether b holds nothing but zeros.
func allZeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
