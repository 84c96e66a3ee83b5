package mime

import "sync"

// chunk is the room for decoded bytes, in bytes: it fits a core's first cache.
const chunk = 16 << 10

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// decoderFor returns the sink that decodes enc into to.
func decoderFor(enc string, e *Entity, to sink) sink {
	switch enc {
	case "base64":
		return &base64Decoder{e: e, to: to}
	case "quoted-printable":
		return &qpDecoder{e: e, to: to}
	case "x-uuencode":
		return &uuDecoder{e: e, to: to, bare: true}
	}
	return to
}
