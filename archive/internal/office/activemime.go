package office

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
	"github.com/fivefifty/fivefifty/internal/zlib"
)

// ActiveMime is how a file in Office's wrapping of macros is found and opened: a header
// of which nothing is published, then a zlib stream of a compound file. It is in web
// archives (editdata.mso), in Word's XML of 2003 (w:binData), and by itself.
var ActiveMime = &level.Format{Name: "activemime", Detect: detectActiveMime, Open: openActiveMime}

const activeMimeMagic = "ActiveMime"

// Where the stream may begin, in bytes: what the field at 0x1E says, which does not count
// the 46 bytes before it, or where one of the writers has it.
const (
	activeMimeOffset = 0x1e
	activeMimeBase   = 46
	activeMimeWord   = 0x32
	activeMimeOther  = 0x22a
)

// Bounds of the search for streams elsewhere: bytes of the file, headers that are tried,
// streams that are yielded.
const (
	activeMimeLook    = 16 << 10
	activeMimeTries   = 512
	activeMimeStreams = 16
)

func detectActiveMime(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, []byte(activeMimeMagic))
}

// activeMime walks the streams of one file. An honest one has a single one.
type activeMime struct {
	level.Steps
	src   io.ReaderAt
	size  int64
	found []int64 // where streams begin
}

func openActiveMime(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	// A trial at the last place needs as much again.
	head, err := saferead.UpTo(src, 0, 2*activeMimeLook, size, 2*activeMimeLook)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte(activeMimeMagic)) {
		return nil, level.ErrFormat
	}
	a := &activeMime{src: src, size: size}
	if err := a.known(head); err != nil {
		return nil, err
	}
	over := a.search(head)
	if len(a.found) == 0 {
		return nil, errors.Join(over, fmt.Errorf("no zlib stream: %w", level.ErrMalformed))
	}
	for _, at := range a.found {
		body := &input.Zlib{Src: saferead.Section(src, at, size-at, size), Want: -1}
		a.Yield(&level.Member{Method: "deflate", Size: -1, Packed: size - at}, body)
	}
	a.Then(func() error { return over })
	return a, nil
}

// known looks at the places where writers put the stream.
func (a *activeMime) known(head []byte) error {
	places := []int64{activeMimeWord, activeMimeOther}
	if len(head) >= activeMimeOffset+2 {
		declared := activeMimeBase + int64(binary.LittleEndian.Uint16(head[activeMimeOffset:]))
		places = append([]int64{declared}, places...)
	}
	for _, at := range places {
		b, err := saferead.UpTo(a.src, at, zlib.Head, a.size, zlib.Head)
		if err != nil {
			return err
		}
		if zlib.Begins(b) {
			a.add(at)
		}
	}
	return nil
}

// search looks for streams anywhere in the first bytes: those beyond doubt, or, if there
// is none at all, what may be one.
func (a *activeMime) search(head []byte) error {
	maybe := int64(-1)
	for at, tries := len(activeMimeMagic), 0; at < min(len(head), activeMimeLook); at++ {
		b := head[at:]
		if !zlib.Header(b) {
			continue
		}
		if tries++; tries > activeMimeTries || len(a.found) == activeMimeStreams {
			return fmt.Errorf("zlib streams: %w", level.ErrLimit)
		}
		switch {
		case zlib.Surely(b[:min(len(b), activeMimeLook)]):
			a.add(int64(at))
		case maybe < 0 && zlib.Begins(b):
			maybe = int64(at)
		}
	}
	if len(a.found) == 0 && maybe >= 0 {
		a.add(maybe)
	}
	return nil
}

// add adds a place once.
func (a *activeMime) add(at int64) {
	for _, have := range a.found {
		if have == at {
			return
		}
	}
	a.found = append(a.found, at)
}
