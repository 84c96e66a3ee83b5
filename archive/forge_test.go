package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
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
			raw = pack(e.method, e.body)
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
		put(&out, uint32(0x04034b50), uint16(20), l.flags, uint16(l.method), uint32(0), l.crc, l.csize, l.usize,
			uint16(len(l.name)), uint16(len(l.extra)), l.name, l.extra, string(raw), e.after)
		if e.unlisted {
			continue
		}
		count++
		put(&dir, uint32(0x02014b50), uint16(20), uint16(20), c.flags, uint16(c.method), uint32(0), c.crc, c.csize, c.usize,
			uint16(len(c.name)), uint16(len(c.extra)), uint16(0), uint16(0), uint16(0), e.attrs, at, c.name, c.extra)
	}
	offset, size := uint32(out.Len()), uint32(dir.Len())
	if end != nil {
		end(&offset, &size, &count)
	}
	out.Write(dir.Bytes())
	put(&out, uint32(0x06054b50), uint16(0), uint16(0), count, count, size, offset, uint16(len(comment)), comment)
	return out.Bytes()
}

func put(w *bytes.Buffer, fields ...any) {
	for _, f := range fields {
		if s, ok := f.(string); ok {
			w.WriteString(s)
			continue
		}
		binary.Write(w, binary.LittleEndian, f)
	}
}

func pack(method uint16, body string) []byte {
	if method != 8 {
		return []byte(body)
	}
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write([]byte(body))
	w.Close()
	return b.Bytes()
}

// payload is a body with the marker in it, which deflate changes beyond
// recognition.
var payload = strings.Repeat("the marker follows ", 20) + marker

func listed(name, body string, method uint16) entry {
	return entry{name: name, body: body, method: method}
}

// forged are zip files in which some reader finds the marker.
func forged(t testing.TB) map[string]forgedZip {
	plain := forge([]entry{listed("p.js", payload, 8)}, nil, "")
	other := forge([]entry{listed("o.txt", "harmless", 8)}, nil, "")
	deflated := len(pack(8, payload))
	ends := forge([]entry{listed("a", payload, 8), listed("b", "b", 0)}, nil, "")
	two := forge([]entry{listed("o", "harmless", 0), listed("p", payload, 8)}, nil, "")
	descr := func(sig bool, body string, method uint16) string {
		var b bytes.Buffer
		if sig {
			put(&b, uint32(0x08074b50))
		}
		put(&b, crc32.ChecksumIEEE([]byte(body)), uint32(len(pack(method, body))), uint32(len(body)))
		return b.String()
	}
	streamed := func(h *head) { h.flags, h.crc, h.csize, h.usize = flagDescriptor, 0, 0, 0 }
	return map[string]forgedZip{
		"method-local-stored":   {forge([]entry{{name: "p", method: 8, body: payload, local: func(h *head) { h.method = 0 }}}, nil, ""), AnomalyMethodDiffer},
		"method-central-stored": {forge([]entry{{name: "p", method: 8, body: payload, central: func(h *head) { h.method = 0 }}}, nil, ""), AnomalyMethodDiffer},
		"method-bogus":          {forge([]entry{{name: "p", method: 8, body: payload, local: func(h *head) { h.method = 0x5a5a }}}, nil, ""), AnomalyMethodDiffer},
		"zombie":                {forge([]entry{{name: "p", method: 8, body: payload, local: func(h *head) { h.method = 0 }, central: func(h *head) { h.method = 0 }}}, nil, ""), AnomalyHiddenDeflate},
		"sizes-zero":            {forge([]entry{{name: "p", method: 8, body: payload, local: func(h *head) { h.csize, h.usize = 0, 0 }, central: func(h *head) { h.csize, h.usize = 0, 0 }}}, nil, ""), AnomalySize},
		"sizes-short":           {forge([]entry{{name: "p", method: 8, body: payload, central: func(h *head) { h.csize, h.usize = 3, 3 }}}, nil, ""), AnomalySizeDiffer},
		"sizes-huge":            {forge([]entry{{name: "p", method: 8, body: payload, local: func(h *head) { h.csize, h.usize = 1<<31-1, 0xfffffffe }, central: func(h *head) { h.csize, h.usize = 1<<30, 1<<31 }}}, nil, ""), AnomalySize},
		"stored-short":          {forge([]entry{{name: "p", body: payload, local: func(h *head) { h.csize, h.usize = 3, 3 }}}, nil, ""), AnomalyStoredSize},
		"names":                 {forge([]entry{{name: "p.js", body: payload, local: func(h *head) { h.name = "p.txt" }}}, nil, ""), AnomalyNameDiffer},
		"fake-encryption-both":  {forge([]entry{{name: "p", method: 8, body: payload, local: func(h *head) { h.flags = 1 }, central: func(h *head) { h.flags = 1 }}}, nil, ""), AnomalyFakeEncryption},
		"fake-encryption-one":   {forge([]entry{{name: "p", body: payload, central: func(h *head) { h.flags = 1 }}}, nil, ""), AnomalyEncryptDiffer},
		"fake-aes":              {forge([]entry{{name: "p", method: 8, body: payload, central: func(h *head) { h.method = 99; h.extra = "\x01\x99\x07\x00\x02\x00AE\x03\x08\x00" }}}, nil, ""), AnomalyFakeEncryption},
		"truncated-end":         {ends[:len(ends)-30], AnomalyNoEnd},
		"concatenated-first":    {append(bytes.Clone(plain), other...), AnomalyManyEnds},
		"concatenated-last":     {append(bytes.Clone(other), plain...), AnomalyManyEnds},
		"prefix":                {append([]byte("MZ this is a stub, PK\x03\x04 and all of the code"), plain...), AnomalyPrepended},
		"trailing":              {append(bytes.Clone(plain), "junk"...), AnomalyAppended},
		"trailing-much":         {append(bytes.Clone(plain), make([]byte, 100_000)...), AnomalyAppended},
		"in-comment":            {forge([]entry{listed("o", "harmless", 0)}, nil, string(plain)), AnomalyManyEnds},
		"comment-length":        {plain[:len(plain)-2], ""},
		"unlisted":              {forge([]entry{listed("o", "harmless", 0), {name: "p", method: 8, body: payload, unlisted: true}}, nil, ""), AnomalyUnlisted},
		"unlisted-first":        {forge([]entry{{name: "p", method: 8, body: payload, unlisted: true}, listed("o", "harmless", 0)}, nil, ""), AnomalyUnlisted},
		"unlisted-under-size": {forge([]entry{
			{name: "o", body: "harmless", method: 8, local: func(h *head) { h.csize += 500 }, central: func(h *head) { h.csize += 500 }},
			{name: "p", method: 8, body: payload, unlisted: true}}, nil, ""), AnomalyUnlisted},
		"dir-data":                   {forge([]entry{listed("d/", payload, 8)}, nil, ""), AnomalyDirData},
		"duplicate":                  {forge([]entry{listed("p", "harmless", 8), listed("p", payload, 8)}, nil, ""), AnomalyDuplicateName},
		"count-zero":                 {forge([]entry{listed("p", payload, 8)}, func(_, _ *uint32, n *uint16) { *n = 0 }, ""), AnomalyEndFields},
		"count-lies":                 {forge([]entry{listed("o", "harmless", 8), listed("p", payload, 8)}, func(_, _ *uint32, n *uint16) { *n = 1 }, ""), AnomalyEndFields},
		"dir-size-lies":              {forge([]entry{listed("p", payload, 8)}, func(_, size *uint32, _ *uint16) { *size = 7 }, ""), ""},
		"dir-off-lies":               {forge([]entry{listed("p", payload, 8)}, func(off, _ *uint32, _ *uint16) { *off += 1000 }, ""), ""},
		"dir-both-lie":               {forge([]entry{listed("p", payload, 8)}, func(off, size *uint32, _ *uint16) { *off += 9; *size += 3 }, ""), AnomalyEndFields},
		"local-off-lies":             {forge([]entry{{name: "p", body: payload, method: 8, offset: 1 << 20}}, nil, ""), AnomalyUnlisted},
		"descr":                      {forge([]entry{{name: "p", body: payload, method: 8, local: streamed, after: descr(true, payload, 8)}}, nil, ""), ""},
		"descr-no-sig":               {forge([]entry{{name: "p", body: payload, method: 8, local: streamed, after: descr(false, payload, 8)}}, nil, ""), ""},
		"descr-stored":               {forge([]entry{{name: "p", body: payload, local: streamed, after: descr(true, payload, 0), unlisted: true}, listed("o", "x", 0)}, nil, ""), AnomalyDescriptor},
		"descr-stored-no-sig":        {forge([]entry{{name: "p", body: payload, local: streamed, after: descr(false, payload, 0), unlisted: true}, listed("o", "x", 0)}, nil, ""), AnomalyDescriptor},
		"bad-local-signature":        {bytes.Replace(plain, sigLocal, []byte("PK\x03\x00"), 1), AnomalyNoLocal},
		"bad-all-but-central":        {cutBehindDirectory(two), AnomalyOrphanCentral},
		"wrong-crc":                  {forge([]entry{{name: "p", body: payload, method: 8, local: func(h *head) { h.crc++ }, central: func(h *head) { h.crc++ }}}, nil, ""), AnomalyCRC},
		"bytes-after-stream":         {forge([]entry{{name: "p", body: payload, raw: append(pack(8, payload), "more"...), method: 8}}, nil, ""), AnomalyTrailingBody},
		"cut-body":                   {plain[:30+4+deflated-1], AnomalyNoEnd},
		"descr-stored-central-zero":  {forge([]entry{{name: "p", body: payload, local: streamed, central: func(h *head) { h.csize, h.usize = 0, 0 }, after: descr(true, payload, 0)}, listed("o", "x", 0)}, nil, ""), AnomalyDescriptor},
		"descr-stored-central-short": {forge([]entry{{name: "p", body: payload, local: streamed, central: func(h *head) { h.csize, h.usize = 3, 3 }, after: descr(true, payload, 0)}, listed("o", "x", 0)}, nil, ""), AnomalyStoredSize},
		"unicode-path":               {forge([]entry{{name: "p", body: payload, central: func(h *head) { h.extra = "\x75\x70\x09\x00\x01\x00\x00\x00\x00p.js" }}}, nil, ""), ""},
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
