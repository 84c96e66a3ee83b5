package hashset

// subject is what the lines of a list are about.
type subject uint8

const (
	nothing subject = iota // not a list
	digests
	ignoredNames
	importTables
)

// lists are the endings of lists that are read in folders. A list with another
// one is read as digests of malicious files.
var lists = map[string]struct {
	of    subject
	class byte
}{
	".hdb": {digests, classMalicious}, ".hsb": {digests, classMalicious},
	".mdb": {digests, classMalicious}, ".msb": {digests, classMalicious},
	".hdu": {digests, classUnwanted}, ".hsu": {digests, classUnwanted},
	".mdu": {digests, classUnwanted}, ".msu": {digests, classUnwanted},
	".fp": {digests, classAllowed}, ".sfp": {digests, classAllowed},
	".csv": {digests, classMalicious}, ".txt": {digests, classMalicious}, ".list": {digests, classMalicious},
	".md5": {digests, classMalicious}, ".sha1": {digests, classMalicious}, ".sha256": {digests, classMalicious},
	".hashes": {digests, classMalicious}, Extension: {digests, classMalicious},
	".ign": {of: ignoredNames}, ".ign2": {of: ignoredNames},
	".imp": {of: importTables},
}

// Extension is what files for [Open] are best called. In a folder of lists such a
// file is left out with a warning.
const Extension = ".hashset"
