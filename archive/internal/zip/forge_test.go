package zip

import (
	"bytes"
	"hash/crc32"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// head is what one header of a forged zip says. The zero value of a field that
// has an "as it is" in entry means just that.
type head struct {
	name   string
	method int // -1: none
	flags  uint16
	crc    uint32
	csize  uint32
	usize  uint32
	extra  string
}

// entry is a member of a forged zip: both headers are derived from the body and
// can then be bent at will.
type entry struct {
	name     string
	method   uint16
	body     string // uncompressed
	raw      []byte // compressed; nil: made from body
	local    func(*head)
	central  func(*head)
	after    string // between the body and the next header: a descriptor, junk
	unlisted bool
	offset   int64 // added to the directory's offset of the local header
	attrs    uint32
}

// forge writes a zip file that may break every rule.
func forge(entries []entry, end func(offset, size *uint32, count *uint16), comment string) []byte {
	var out, dir bytes.Buffer
	count := uint16(0)
	for _, e := range entries {
		raw := e.raw
		if raw == nil {
			raw = archivetest.Pack(e.method, e.body)
		}
		h := head{e.name, int(e.method), 0, crc32.ChecksumIEEE([]byte(e.body)), uint32(len(raw)), uint32(len(e.body)), ""}
		l, c := h, h
		if e.local != nil {
			e.local(&l)
		}
		if e.central != nil {
			e.central(&c)
		}
		at := uint32(int64(out.Len()) + e.offset)
		archivetest.Put(&out, uint32(0x04034b50), uint16(20), l.flags, uint16(l.method), uint32(0), l.crc, l.csize, l.usize,
			uint16(len(l.name)), uint16(len(l.extra)), l.name, l.extra, string(raw), e.after)
		if e.unlisted {
			continue
		}
		count++
		archivetest.Put(&dir, uint32(0x02014b50), uint16(20), uint16(20), c.flags, uint16(c.method), uint32(0), c.crc, c.csize, c.usize,
			uint16(len(c.name)), uint16(len(c.extra)), uint16(0), uint16(0), uint16(0), e.attrs, at, c.name, c.extra)
	}
	offset, size := uint32(out.Len()), uint32(dir.Len())
	if end != nil {
		end(&offset, &size, &count)
	}
	out.Write(dir.Bytes())
	archivetest.Put(&out, uint32(0x06054b50), uint16(0), uint16(0), count, count, size, offset, uint16(len(comment)), comment)
	return out.Bytes()
}

func listed(name, body string, method uint16) entry {
	return entry{name: name, body: body, method: method}
}

// forged are zip files in which some reader finds the marker.
func forged(t testing.TB) map[string]forgedZip {
	plain := forge([]entry{listed("p.js", archivetest.Payload, 8)}, nil, "")
	other := forge([]entry{listed("o.txt", "harmless", 8)}, nil, "")
	deflated := len(archivetest.Pack(8, archivetest.Payload))
	ends := forge([]entry{listed("a", archivetest.Payload, 8), listed("b", "b", 0)}, nil, "")
	two := forge([]entry{listed("o", "harmless", 0), listed("p", archivetest.Payload, 8)}, nil, "")
	descr := func(sig bool, body string, method uint16) string {
		var b bytes.Buffer
		if sig {
			archivetest.Put(&b, uint32(0x08074b50))
		}
		archivetest.Put(&b, crc32.ChecksumIEEE([]byte(body)), uint32(len(archivetest.Pack(method, body))), uint32(len(body)))
		return b.String()
	}
	streamed := func(h *head) { h.flags, h.crc, h.csize, h.usize = flagDescriptor, 0, 0, 0 }
	return map[string]forgedZip{
		"method-local-stored":   {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, local: func(h *head) { h.method = 0 }}}, nil, ""), anomaly.MethodDiffer},
		"method-central-stored": {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, central: func(h *head) { h.method = 0 }}}, nil, ""), anomaly.MethodDiffer},
		"method-bogus":          {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, local: func(h *head) { h.method = 0x5a5a }}}, nil, ""), anomaly.MethodDiffer},
		"zombie":                {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, local: func(h *head) { h.method = 0 }, central: func(h *head) { h.method = 0 }}}, nil, ""), anomaly.HiddenDeflate},
		"sizes-zero":            {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, local: func(h *head) { h.csize, h.usize = 0, 0 }, central: func(h *head) { h.csize, h.usize = 0, 0 }}}, nil, ""), anomaly.Size},
		"sizes-short":           {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, central: func(h *head) { h.csize, h.usize = 3, 3 }}}, nil, ""), anomaly.SizeDiffer},
		"sizes-huge":            {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, local: func(h *head) { h.csize, h.usize = 1<<31-1, 0xfffffffe }, central: func(h *head) { h.csize, h.usize = 1<<30, 1<<31 }}}, nil, ""), anomaly.Size},
		"stored-short":          {forge([]entry{{name: "p", body: archivetest.Payload, local: func(h *head) { h.csize, h.usize = 3, 3 }}}, nil, ""), anomaly.StoredSize},
		"names":                 {forge([]entry{{name: "p.js", body: archivetest.Payload, local: func(h *head) { h.name = "p.txt" }}}, nil, ""), anomaly.NameDiffer},
		"fake-encryption-both":  {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, local: func(h *head) { h.flags = 1 }, central: func(h *head) { h.flags = 1 }}}, nil, ""), anomaly.FakeEncryption},
		"fake-encryption-one":   {forge([]entry{{name: "p", body: archivetest.Payload, central: func(h *head) { h.flags = 1 }}}, nil, ""), anomaly.EncryptDiffer},
		"fake-aes":              {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, central: func(h *head) { h.method = 99; h.extra = "\x01\x99\x07\x00\x02\x00AE\x03\x08\x00" }}}, nil, ""), anomaly.FakeEncryption},
		"truncated-end":         {ends[:len(ends)-30], anomaly.NoEnd},
		"concatenated-first":    {append(bytes.Clone(plain), other...), anomaly.ManyEnds},
		"concatenated-last":     {append(bytes.Clone(other), plain...), anomaly.ManyEnds},
		"prefix":                {append([]byte("MZ this is a stub, PK\x03\x04 and all of the code"), plain...), anomaly.Prepended},
		"trailing":              {append(bytes.Clone(plain), "junk"...), anomaly.Appended},
		"trailing-much":         {append(bytes.Clone(plain), make([]byte, 100_000)...), anomaly.Appended},
		"in-comment":            {forge([]entry{listed("o", "harmless", 0)}, nil, string(plain)), anomaly.ManyEnds},
		"comment-length":        {plain[:len(plain)-2], ""},
		"unlisted":              {forge([]entry{listed("o", "harmless", 0), {name: "p", method: 8, body: archivetest.Payload, unlisted: true}}, nil, ""), anomaly.Unlisted},
		"unlisted-first":        {forge([]entry{{name: "p", method: 8, body: archivetest.Payload, unlisted: true}, listed("o", "harmless", 0)}, nil, ""), anomaly.Unlisted},
		"unlisted-under-size": {forge([]entry{
			{name: "o", body: "harmless", method: 8, local: func(h *head) { h.csize += 500 }, central: func(h *head) { h.csize += 500 }},
			{name: "p", method: 8, body: archivetest.Payload, unlisted: true}}, nil, ""), anomaly.Unlisted},
		"dir-data":                   {forge([]entry{listed("d/", archivetest.Payload, 8)}, nil, ""), anomaly.DirData},
		"duplicate":                  {forge([]entry{listed("p", "harmless", 8), listed("p", archivetest.Payload, 8)}, nil, ""), anomaly.DuplicateName},
		"count-zero":                 {forge([]entry{listed("p", archivetest.Payload, 8)}, func(_, _ *uint32, n *uint16) { *n = 0 }, ""), anomaly.EndFields},
		"count-lies":                 {forge([]entry{listed("o", "harmless", 8), listed("p", archivetest.Payload, 8)}, func(_, _ *uint32, n *uint16) { *n = 1 }, ""), anomaly.EndFields},
		"dir-size-lies":              {forge([]entry{listed("p", archivetest.Payload, 8)}, func(_, size *uint32, _ *uint16) { *size = 7 }, ""), ""},
		"dir-off-lies":               {forge([]entry{listed("p", archivetest.Payload, 8)}, func(off, _ *uint32, _ *uint16) { *off += 1000 }, ""), ""},
		"dir-both-lie":               {forge([]entry{listed("p", archivetest.Payload, 8)}, func(off, size *uint32, _ *uint16) { *off += 9; *size += 3 }, ""), anomaly.EndFields},
		"local-off-lies":             {forge([]entry{{name: "p", body: archivetest.Payload, method: 8, offset: 1 << 20}}, nil, ""), anomaly.Unlisted},
		"descr":                      {forge([]entry{{name: "p", body: archivetest.Payload, method: 8, local: streamed, after: descr(true, archivetest.Payload, 8)}}, nil, ""), ""},
		"descr-no-sig":               {forge([]entry{{name: "p", body: archivetest.Payload, method: 8, local: streamed, after: descr(false, archivetest.Payload, 8)}}, nil, ""), ""},
		"descr-stored":               {forge([]entry{{name: "p", body: archivetest.Payload, local: streamed, after: descr(true, archivetest.Payload, 0), unlisted: true}, listed("o", "x", 0)}, nil, ""), anomaly.Descriptor},
		"descr-stored-no-sig":        {forge([]entry{{name: "p", body: archivetest.Payload, local: streamed, after: descr(false, archivetest.Payload, 0), unlisted: true}, listed("o", "x", 0)}, nil, ""), anomaly.Descriptor},
		"bad-local-signature":        {bytes.Replace(plain, sigLocal, []byte("PK\x03\x00"), 1), anomaly.NoLocal},
		"bad-all-but-central":        {cutBehindDirectory(two), anomaly.OrphanCentral},
		"wrong-crc":                  {forge([]entry{{name: "p", body: archivetest.Payload, method: 8, local: func(h *head) { h.crc++ }, central: func(h *head) { h.crc++ }}}, nil, ""), anomaly.CRC},
		"bytes-after-stream":         {forge([]entry{{name: "p", body: archivetest.Payload, raw: append(archivetest.Pack(8, archivetest.Payload), "more"...), method: 8}}, nil, ""), anomaly.TrailingBody},
		"cut-body":                   {plain[:30+4+deflated-1], anomaly.NoEnd},
		"descr-stored-central-zero":  {forge([]entry{{name: "p", body: archivetest.Payload, local: streamed, central: func(h *head) { h.csize, h.usize = 0, 0 }, after: descr(true, archivetest.Payload, 0)}, listed("o", "x", 0)}, nil, ""), anomaly.Descriptor},
		"descr-stored-central-short": {forge([]entry{{name: "p", body: archivetest.Payload, local: streamed, central: func(h *head) { h.csize, h.usize = 3, 3 }, after: descr(true, archivetest.Payload, 0)}, listed("o", "x", 0)}, nil, ""), anomaly.StoredSize},
		"unicode-path":               {forge([]entry{{name: "p", body: archivetest.Payload, central: func(h *head) { h.extra = "\x75\x70\x09\x00\x01\x00\x00\x00\x00p.js" }}}, nil, ""), ""},
	}
}

// cutBehindDirectory breaks the last local header and drops the end record, so
// that only the directory leads to the last member.
func cutBehindDirectory(b []byte) []byte {
	b = bytes.Clone(b[:len(b)-endBytes])
	copy(b[bytes.LastIndex(b, sigLocal):], "PK\x03\x00")
	return bytes.Replace(b, sigEnd, []byte("PK\x05\x00"), 1)
}

type forgedZip struct {
	data    []byte
	anomaly string // one that must be there; "": any or none
}
