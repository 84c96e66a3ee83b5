// Package hashset finds objects by their digests: MD5, SHA-1 and SHA-256, with
// an optional size, from the lists that operators have.
//
// A [Builder] reads lists and makes a [Set], which is a [scanner.Engine]. A line
// that cannot be used costs itself only, and is a [Warning] with its file and
// line.
//
//	var b hashset.Builder
//	err := b.Load("/etc/fivefifty/hashes")
//	set := b.Build()
//	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{set}})
//
// # Formats
//
// Each line is read by what it looks like; a list may mix them. A digest is 32
// (MD5), 40 (SHA-1) or 64 (SHA-256) hexadecimal digits in either case.
//
//	digest:size:name[:min[:max]]   ClamAV's .hdb and .hsb, any digest in either; size "*" is any size; a line
//	                               whose functionality levels leave out 216 (ClamAV 1.4) is passed over
//	digest                         plain list; "# comment" may follow
//	digest  name, digest *name     md5sum, sha1sum, sha256sum
//	SHA256 (name) = digest         their --tag form
//	digest;comment                 LOKI and THOR
//	name|digest                    MISP
//	a,b,digest,c                   CSV, with or without quotes, blanks after commas, and a header, which may be
//	                               a comment (MalwareBazaar): columns are then taken by name, else by form
//
// Lines that are empty or begin with "#" or "//" are comments. A digest without a
// name is called by its list.
//
// Hashes of a PE file's sections (.mdb, .msb) and lists of harmless files (.fp,
// .sfp, NSRL) mean something else: such lines and files are left out with a
// warning. So is the digest of no bytes at all, which feeds carry by mistake.
//
// # Limits
//
// A line may have 64 KiB. Of one list 100 warnings are kept, and a last one says
// how many there were. The set takes about 48 bytes for an entry of SHA-256, and
// names once each.
//
// # Concurrency
//
// A Builder is for one goroutine. A Set is immutable and safe for concurrent use.
// A Scanner takes MD5 and SHA-1 only when an engine asks; a Set does so only for
// objects of a size that a list gives, or if an entry gives no size.
package hashset
