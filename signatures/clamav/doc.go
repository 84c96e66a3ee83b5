// Package clamav reads databases of ClamAV, those of the project and those that
// others publish in its formats.
//
//	db, err := clamav.Load(clamav.Config{Paths: []string{"/var/lib/clamav"}, Hashes: lists.Read})
//	for _, text := range db.Rules {
//		rules.Sources = append(rules.Sources, yara.Source(text)) // of a yara.Config
//	}
//	engines = append(engines, db.Members) // unless nil
//	passwords = append(passwords, db.Passwords...)
//
// Nothing is matched by ClamAV's own engine: each kind of signature goes to what
// has the same meaning here, and a signature that has none is left out and counted
// ([Stats]), by name and reason ([Warning]).
//
//	.cvd .cld .cud    containers of the others: see below
//	.hdb .hsb .hdu .hsu .mdb .msb .mdu .msu .fp .sfp
//	                  digests: handed to Config.Hashes
//	.ndb .ndu .db     body signatures: YARA rules
//	.imp              digests of import tables: YARA rules with pe.imphash
//	.ldb .ldu         logical signatures: YARA rules
//	.cdb              names, sizes and places of members of containers: an [Engine]
//	.pwdb             passwords of archives
//	.ign .ign2        names of signatures to leave out; they hold whichever file or order they
//	                  come in, and go to Config.Hashes before all digests
//	.cbc .idb .cat .crb .pdb .gdb .wdb .ftm .cfg .ioc
//	                  left out, each with a warning
//	.yar .yara        left out, as package yara reads them
//
// # Containers
//
// The digest in a .cvd's and .cud's header is compared with the content, the
// signature in a .cvd's header checked with the project's key, and the SHA-256 of
// every file with the signed .info file, which a .cld must have, as freshclam puts
// it together from updates. Anything wrong is an error of Load, and nothing of the
// container is used. The detached .sign files of ClamAV 1.5 are not looked at.
//
// # Body signatures
//
// A rule is called by the signature's name in its meta reported_as, and stands on
// the line on which the signature stood, so that what package yara reports leads
// there. A name that begins with "PUA." makes the finding unwanted, all others are
// malicious.
//
//	ClamAV                          YARA
//	aa a? ?a ?? {n} {n-m} {-n} {n-} * [n-m] (aa|bb) !(aa|bb)
//	                                the same, as hex strings; only single bytes can be excluded
//	offset n, EOF-n, with ,shift    $a at n, $a in (n..n+shift), from filesize
//	offset EP+n, EP-n               pe.entry_point, for target 1 alone
//	target 0 any                    everything that engines are shown
//	target 1 PE, 2 OLE2, 6 ELF      its first bytes
//	target 5 pictures, 9 Mach-O, 10 PDF, 11 Flash, 12 Java
//	                                our own type
//	0&1, 0|1, (…), 0>n, 0=n, 0<n, (…)>n, (…)>n,m
//	                                conditions on strings and their counts
//	::i ::w ::a ::f                 nocase, wide, ascii, fullword
//	Engine, Target, FileSize, EntryPoint, NumberOfSections, Container
//	                                conditions; functionality level 216 (ClamAV 1.4) is claimed
//
// Left out are: targets 3 and 7, HTML and text, which ClamAV matches in a form that
// it makes of them; target 4, a mail as a whole, as engines see its parts; offsets
// from sections and in version information; (B), (L) and (W); regular expressions,
// byte comparisons, hashes of images, macros; Intermediates, IconGroup and
// HandlerType; counts of patterns whose matches differ in length or that have a
// place; & beside | without parentheses.
//
// What clamscan finds in a file by a signature that is loaded, we find, and the
// other way round. But ClamAV matches target 0 also in the normalised form of HTML
// and text and in a mail as a whole, and may lose a match of a pattern with gaps
// where the first of its parts stands there often.
//
// # Signatures of members
//
// The types ZIP, RAR, ARJ, MSCAB, 7Z, MAIL, POSIX_TAR, OLD_TAR, CPIO_*, ISO9660 and
// "*" are known; "*" is any container that is opened here, and ZIP also documents of
// Office, which ClamAV counts apart if it knows them as such. The pattern is an
// extended regular expression of POSIX, with "(?i)" before it where case does not
// matter. ClamAV does not look at the CRC-32, nor does this package. Members that
// are encrypted are looked at too.
//
// # Limits
//
// A container may have 256 files of 1 GiB, 4 GiB in all, a signature 256 KiB, 64 patterns and 64
// levels of parentheses. Ten signatures of a file are named for each reason why they
// are left out. Of the passwords 1,024 are kept.
//
// # Security
//
// Databases are trusted to say what is malicious, but not to be well formed: no
// content makes Load panic, hang, or allocate out of proportion. Names from databases
// are written into YARA rules only as quoted text and as identifiers.
//
// # Concurrency
//
// Load may run at any time. An Engine is immutable and safe for concurrent use.
package clamav
