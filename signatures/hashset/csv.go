package hashset

import (
	"encoding/csv"
	"strconv"
	"strings"
)

// columns are the fields of a CSV by what its header calls them; -1 for none.
type columns struct {
	digests []int
	size    int
	label   int
	kind    int // what the digest is of: a feed's other indicators are passed over
	active  int // MISP's to_ids
	special int // NSRL's SpecialCode
	nsrl    bool
}

// header takes a line for a CSV's header if it names a column of digests, and
// reports whether it does.
func (l *list) header(line string) bool {
	if l.columns != nil || !strings.Contains(line, ",") {
		return false
	}
	fields, err := splitCSV(line)
	if err != nil {
		return false
	}
	c := &columns{size: -1, label: -1, kind: -1, active: -1, special: -1}
	labelRank := len(labelColumns)
	for i, f := range fields {
		name := columnName(f)
		switch {
		case digestColumns[name]:
			c.digests = append(c.digests, i)
		case name == "productcode" || name == "opsystemcode":
			c.nsrl = true
		case name == "specialcode":
			c.special = i
		case name == "type" || name == "ioctype":
			c.kind = i
		case name == "toids":
			c.active = i
		case name == "size" || name == "filesize":
			c.size = i
		default:
			for rank, label := range labelColumns[:labelRank] {
				if name == label {
					c.label, labelRank = i, rank
				}
			}
		}
	}
	if len(c.digests) > 0 {
		c.kind = -1 // of the file, then
	} else if c.kind >= 0 {
		c.digests = c.values(fields)
	}
	if len(c.digests) == 0 {
		return false
	}
	if c.nsrl {
		l.class, l.label, c.label = classAllowed, "NSRL", -1
	}
	l.columns = c
	return true
}

// digestColumns are what columns of digests are called, as columnName gives it.
var digestColumns = map[string]bool{
	"md5": true, "md5hash": true, "sha1": true, "sha1hash": true, "sha256": true, "sha256hash": true, "hash": true, "digest": true,
}

// values returns the columns of indicators whose type stands in another column.
func (c *columns) values(header []string) (at []int) {
	for i, f := range header {
		if name := columnName(f); name == "value" || name == "iocvalue" {
			at = append(at, i)
		}
	}
	return at
}

// fileTypes are the types of indicators (MISP's, ThreatFox's) that are digests of
// files. Others, as imphash or a certificate's fingerprint, only look like it.
var fileTypes = map[string]bool{
	"md5": true, "sha1": true, "sha256": true, "filename|md5": true, "filename|sha1": true, "filename|sha256": true,
	"malware-sample": true, "md5_hash": true, "sha1_hash": true, "sha256_hash": true,
}

// labelColumns are what columns with a name for the malware are called, the best
// first.
var labelColumns = []string{"signature", "malware", "malwareprintable", "threat", "threatname", "name", "label", "family", "comment", "filename", "filetypeguess"}

// columnName reduces a column's name to its letters and digits, in lower case.
func columnName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// splitCSV reads one line. abuse.ch puts a blank behind each comma.
func splitCSV(line string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.TrimLeadingSpace = true
	r.LazyQuotes = true
	r.FieldsPerRecord = -1
	return r.Read()
}

// row reads a line under a header.
func (c *columns) row(line string) (row, string) {
	fields, err := splitCSV(line)
	if err != nil {
		return row{}, "not CSV: " + clip(err.Error())
	}
	at := func(i int) string {
		if i < 0 || i >= len(fields) {
			return ""
		}
		if f := strings.TrimSpace(fields[i]); !absent[strings.ToLower(f)] {
			return f
		}
		return ""
	}
	if c.passes(at) {
		return row{}, ""
	}
	r := row{size: anySize, label: at(c.label)}
	if n, err := strconv.ParseInt(at(c.size), 10, 64); err == nil && n > 0 {
		r.size = n
	}
	for _, i := range c.digests {
		name, digest, paired := cutLast(at(i), "|") // MISP's "filename|sha256"
		if !paired {
			digest, _ = cutDigest(at(i))
		} else if r.label == "" {
			r.label = name
		}
		if digest != nil {
			r.digests = append(r.digests, digest)
		}
	}
	if len(r.digests) == 0 {
		return row{}, noDigest
	}
	return r, ""
}

// passes says whether a row is not about a file, or must not be used.
func (c *columns) passes(at func(int) string) bool {
	kind, active := strings.ToLower(at(c.kind)), strings.ToLower(at(c.active))
	return c.kind >= 0 && !fileTypes[kind] ||
		c.active >= 0 && (active == "0" || active == "false") ||
		at(c.special) == "M" // NSRL knows it as malicious
}

// absent is what feeds write where they know nothing.
var absent = map[string]bool{"n/a": true, "none": true, "null": true, "-": true, "unknown": true}

// rowByForm reads a line of a CSV without a header: what looks like a digest is
// one. Only the first field of text names it, if it stands behind the digest.
func rowByForm(line string) (row, string) {
	fields, err := splitCSV(line)
	if err != nil {
		return row{}, "not CSV: " + clip(err.Error())
	}
	r := row{size: anySize}
	for _, f := range fields {
		f = strings.TrimSpace(f)
		if d, rest := cutDigest(f); d != nil && rest == "" {
			r.digests = append(r.digests, d)
			continue
		}
		if len(r.digests) > 0 && r.label == "" && !absent[strings.ToLower(f)] && !isNumber(f) {
			r.label = f
		}
	}
	if len(r.digests) == 0 {
		return row{}, noDigest
	}
	return r, ""
}
