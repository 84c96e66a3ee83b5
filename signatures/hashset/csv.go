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
}

// header takes a line for a CSV's header if it names a column of digests, and
// reports whether it does.
func (l *list) header(n int, line string) bool {
	if l.columns != nil || !strings.Contains(line, ",") {
		return false
	}
	fields, err := splitCSV(line)
	if err != nil {
		return false
	}
	c := &columns{size: -1, label: -1}
	labelRank := len(labelColumns)
	for i, f := range fields {
		name := columnName(f)
		switch {
		case digestColumns[name]:
			c.digests = append(c.digests, i)
		case name == "productcode" || name == "opsystemcode":
			l.foreign = true
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
	if len(c.digests) == 0 {
		l.foreign = false
		return false
	}
	if l.foreign {
		l.warnings.add(n, "left out: an NSRL list of known files, not of malware")
		return true
	}
	l.columns = c
	return true
}

// digestColumns are what columns of digests are called, as columnName gives it.
var digestColumns = map[string]bool{
	"md5": true, "md5hash": true, "sha1": true, "sha1hash": true, "sha256": true, "sha256hash": true, "hash": true, "digest": true,
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
	r := row{size: anySize, label: at(c.label)}
	if n, err := strconv.ParseInt(at(c.size), 10, 64); err == nil && n > 0 {
		r.size = n
	}
	for _, i := range c.digests {
		if d, rest := cutDigest(at(i)); d != nil && rest == "" {
			r.digests = append(r.digests, d)
		}
	}
	if len(r.digests) == 0 {
		return row{}, noDigest
	}
	return r, ""
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
