package mime

import (
	"slices"
	"sync"
)

// chunk is the room for decoded bytes, in bytes: it fits a core's first cache.
const chunk = 16 << 10

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// decoderFor returns the sink that decodes enc into to.
func decoderFor(enc string, e *Entity, to sink) sink {
	switch enc {
	case "base64", "x-gzip64": // the latter's gzip is left to who opens files
		return &base64Decoder{e: e, to: to}
	case "quoted-printable":
		return &qpDecoder{e: e, to: to}
	case "x-uuencode":
		return &uuDecoder{e: e, to: to, from: uuencode}
	case "x-xxencode":
		return withRaw(&uuDecoder{e: e, to: to, from: xxencode}, to)
	case "x-yencode":
		return withRaw(&yBody{e: e, to: to}, to)
	case "mac-binhex40":
		return withRaw(newBinHexBody(walkerOf(to), e, to), to)
	}
	return to
}

// withRaw adds the reading that clients take which don't know the encoding: the
// body as it stands.
func withRaw(decoder, to sink) sink {
	l, ok := to.(*leaf)
	if !ok {
		return decoder
	}
	e := *l.e
	e.Anomalies = slices.Clone(l.e.Anomalies)
	e.Encoding, e.Reading = "binary", withLabel(e.Reading, "cte=unknown")
	raw := newLeaf(l.w, &e, false)
	if raw == nil {
		return decoder
	}
	return fanOut{decoder, raw}
}

// walkerOf is the Walker behind a sink.
func walkerOf(to sink) *Walker {
	switch to := to.(type) {
	case *leaf:
		return to.w
	case *parse:
		return to.w
	}
	return nil
}
