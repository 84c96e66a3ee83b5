package zip

import (
	"bytes"
	"encoding/binary"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// What shows a zip file wherever it stands.
var (
	markLocal = &level.Mark{Text: "PK\x03\x04", Even: 0, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return plausibleLocal(p.From(at), p.Size-at) }}
	markEnd   = &level.Mark{Text: "PK\x05\x06", Even: 0, Odd: 1, Fits: func(p *level.Probe, at int64) bool { return at >= p.Size-level.TailBytes && p.Size-at >= endBytes }}
	marksZip  = []*level.Mark{markLocal, markEnd}
)

func detect(p *level.Probe) bool { return p.Met(markLocal) || p.Met(markEnd) || isWithin(p) }

// isWithin looks for a whole zip file between head and tail: an end record that a
// directory stands before, whose first header leads to a local one. 7-Zip seeks as far;
// programs that can read zip have the signatures alone, and nothing behind them. Of a
// source that is not in memory this is not read.
func isWithin(p *level.Probe) bool {
	b, ok := level.InMemory(p.Src, p.Size)
	if !ok || len(b) <= level.HeadBytes {
		return false
	}
	for at := level.HeadBytes - endBytes; ; at += len(sigEnd) {
		i := bytes.Index(b[at:], sigEnd)
		if i < 0 {
			return false
		}
		if at += i; leadsToLocal(b, at) {
			return true
		}
	}
}

// leadsToLocal says whether the end record at an offset of b is of a zip file that is there.
func leadsToLocal(b []byte, at int) bool {
	le := binary.LittleEndian
	if len(b)-at < endBytes {
		return false
	}
	size, offset := int(le.Uint32(b[at+12:])), int(le.Uint32(b[at+16:]))
	dir := at - size
	if size < centralBytes || dir < offset || !bytes.HasPrefix(b[dir:], sigCentral) {
		return false
	}
	local := dir - offset + int(le.Uint32(b[dir+42:]))
	return local < dir && bytes.HasPrefix(b[local:], sigLocal)
}
