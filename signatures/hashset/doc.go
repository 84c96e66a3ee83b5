// Package hashset finds objects by their digests: MD5, SHA-1 and SHA-256, with
// an optional size, from the lists that operators have; a few hundred of them, or
// tens of millions.
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
// A large set is written to a file once, and opened at once by every process:
//
//	b := hashset.Builder{Temp: "/var/cache/fivefifty"}
//	err := b.Load("/var/lib/feeds")
//	err = b.WriteFile("/var/cache/fivefifty/feeds.hashset")
//
//	set, err := hashset.Open("/var/cache/fivefifty/feeds.hashset")
//
// # Formats
//
// Each line is read by what it looks like; a list may mix them. A digest is 32
// (MD5), 40 (SHA-1) or 64 (SHA-256) hexadecimal digits in either case.
//
//	digest:size:name[:min[:max]]   ClamAV's .hdb and .hsb, any digest in either; size "*" is any size; a line
//	                               whose functionality levels leave out 216 (ClamAV 1.4) is passed over
//	size:digest:name[:min[:max]]   ClamAV's .mdb and .msb: digest and size of a section of a PE file
//	digest                         plain list; "# comment" may follow
//	digest  name, digest *name     md5sum, sha1sum, sha256sum
//	SHA256 (name) = digest         their --tag form
//	digest;comment                 LOKI and THOR
//	name|digest                    MISP
//	a,b,digest,c                   CSV, with or without quotes, blanks after commas, and a header, which may be
//	                               a comment (MalwareBazaar, URLhaus, ThreatFox, MISP's attributes): columns are
//	                               then taken by name, else by form
//
// Of a row with several digests of a file only the longest is kept: the SHA-256
// of an object is always known, and another would find no more. Where a column
// tells the type of an indicator, others than digests of files are passed over, as
// are MISP's attributes whose to_ids is 0.
//
// Lines that are empty or begin with "#" or "//" are comments. A digest without a
// name is called by its list. The digest of no bytes at all, which feeds carry by
// mistake, is left out with a warning.
//
// What a digest means is told by the ending of its list's name:
//
//	.hdu .hsu .mdu .msu    unwanted (ClamAV's PUA)
//	.fp .sfp               harmless: what engines find in the same object is a notice
//	.ign2 .ign             names of signatures that are not used, of lists read from then on ([Ignored])
//	.imp                   digests of import tables: left out with a warning; package clamav reads them
//	any other              malicious
//
// A CSV with NSRL's columns (RDS version 2) is one of harmless files too, by
// SHA-1 and size, but for those that NSRL marks as malicious. NSRL lists what is
// known, not what is good: it holds tools of attackers.
//
// # Files of hashes
//
// A file takes the bytes of its digests and 1.15 more for each, less one or two
// where there are many, plus the bits of a label and, if an entry gives one, of a
// size; and names once each. It is mapped, not read: opening reads a header of a
// kilobyte, a lookup that misses meets one line of the processor's cache, of 9 bits
// per digest in all, and a hit a few more. What is resident is shared by all
// processes and can be taken back by the system at any time.
//
// The file must not be written to or cut while it is in use, only be replaced by
// another under its name (rename), as [Builder.WriteFile] does. If it is cut
// nevertheless, scans go on with an error of this engine.
//
// # Limits
//
// A line may have 64 KiB, of a name 1,024 bytes are kept, a size is below 4 GiB,
// and of one hash function there may be 4,294,967,295 digests. Of one list 100
// warnings are kept, and a last one says how many there were. An object has at
// most 16 findings, and one more for each class; of the entries for one digest the
// first 1,024 are looked at. Of a PE file 96 sections are looked up; sections that
// overlap to more than four times the file are an error, which the report shows.
//
// # Security
//
// A file that was made by somebody else can make lookups fail or lie, but neither
// read outside of it nor allocate more than a name. [Set.Verify] tells a file that
// changed by accident; against intent only its permissions help. MD5 and SHA-1 can
// be had in pairs: who lists a harmless file by them trusts whoever made it.
//
// # Concurrency
//
// A Builder is for one goroutine. A Set is immutable and safe for concurrent use,
// until Close. A Scanner takes MD5 and SHA-1 only when an engine asks; a Set does so
// only for objects of a size that a list may give, or if an entry gives no size.
package hashset
