package scanner

import (
	"context"
	"slices"

	"github.com/fivefifty/fivefifty/archive"
)

// Member is what a container says about one of its members. Nothing of it is to be
// trusted.
type Member struct {
	Container     string `json:"container"`      // format that it was opened as: "zip", also for a document or an app
	ContainerSize int64  `json:"container_size"` // bytes
	Position      int    `json:"position"`       // among the members as they were met, folders too, from 1
	PackedSize    int64  `json:"packed_size"`    // declared, in bytes within the container; 0 if that is not known
	RealSize      int64  `json:"real_size"`      // declared, in bytes; -1 if none is
	CRC32         uint32 `json:"crc32"`          // declared; 0 if that is not known
	Encrypted     bool   `json:"encrypted"`      // it is said to need a password
}

// describe says what c tells of m, the member it read last.
func (c *container) describe(m *archive.Member) *Member {
	return &Member{
		Container:     string(c.format),
		ContainerSize: c.item.obj.Size,
		Position:      c.members,
		PackedSize:    m.Packed,
		RealSize:      m.Size,
		CRC32:         m.CRC32,
		Encrypted:     m.Encrypted,
	}
}

// askMembers lets the engines look that need no bytes, once.
func (sc *scan) askMembers(it *item) {
	if it.obj.Parent < 0 || it.metaAsked || sc.stopped() != nil {
		return
	}
	it.metaAsked = true
	body := it.obj.body
	it.obj.body = nil
	defer func() { it.obj.body = body }()
	for _, e := range sc.engines {
		m, ok := e.(MemberEngine)
		if !ok {
			continue
		}
		sc.askWith(it, e, func(ctx context.Context) (found []Finding, err error) {
			it.guard(e.Name(), func() { found, err = m.InspectMember(ctx, it.obj) })
			return found, err
		})
	}
}

// looksAtMembers says whether findings of the engine called name may rest on what a
// container says, so that they do not hold for an object of equal bytes elsewhere.
func (sc *scan) looksAtMembers(name string) bool {
	return slices.ContainsFunc(sc.engines, func(e Engine) bool {
		_, ok := e.(MemberEngine)
		return ok && e.Name() == name
	})
}
