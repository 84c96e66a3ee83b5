// Package yara matches the objects of a message against YARA rules, through
// libyara and the binding github.com/hillu/go-yara/v4. It needs cgo; without,
// the package builds and [New] returns [ErrUnavailable].
//
// An [Engine] is made of rule files, folders of them, or texts in memory. Each
// file is a namespace, called by its path within the folder. An include
// statement is resolved from the including file and only within the folder; a
// file that another one includes comes with that one alone. What does not
// compile is left out rule by rule, with all that refers to it, and each such
// rule is a [Warning] with its file and line; the rest is used. A global rule
// that is lost takes its whole file with it: the others would match what it was
// there to exclude.
//
//	engine, warnings, err := yara.New(yara.Config{Paths: []string{"/etc/rules"}})
//	…
//	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{engine}})
//
// A [scanner.Finding] has the rule's identifier as its signature. Its detail is
// the namespace, the description from the rule's meta section, and where the
// first strings matched. Private rules are never reported.
//
// # Externals
//
// These variables are defined for all rules; each is a string, and empty where
// nothing is known. The first six are those of LOKI and THOR, so that their
// rules compile and mean what they should:
//
//	filename        base name of the object, as the mail gives it
//	filepath        where the object is in the message, with "/" between and the name last
//	extension       of filename, in lower case with its dot; trailing dots and blanks do not count
//	filetype        by content, in THOR's words: "EXE", "OLE", "Office", "7Zip", "BZip2", "Class", "TARZ",
//	                "UNIX SCRIPT", "UNKNOWN"; otherwise our name in upper case: "PDF", "ZIP", "RTF", "LNK", "JPEG"
//	owner           always empty: mail has none
//	md5             of the object, in lower case; taken only where a rule asks
//	mail_path       Object.Path
//	mail_names      all names of the object, one a line
//	mail_declared   media type that the message declares
//	mail_detected   type by content, our name: "pe", "docx", "text"
//	mail_reading    how the object was read, where clients or unpackers differ
//	mail_anomalies  what is odd about it, with a blank between
//	mail_from       envelope sender
//	mail_to         envelope recipients, with a blank between
//	mail_client     address of the SMTP client
//	mail_helo       its name for itself
//	mail_direction  "in" or "out"
//
// An object that bears several names is matched under each, if a rule depends on
// filename, filepath or extension: a rule matches if it does so under any of
// them. The further names are tried on those rules only. Values are cut after 64
// KiB, and a NUL in them becomes U+FFFD; of a name with a NUL, what stands before
// it is tried as one more name.
//
// # Scores
//
// The meta `score`, an integer or a string of one, is the finding's score. By
// default a finding of 70 and more is malicious, of 40 and more suspicious, the
// rest is a notice, and a rule without a score has 70: as LOKI does. Some metas
// and tags say more than the score does; the first that applies decides:
//
//	class = "malicious", "suspicious", "unwanted" or "notice"   is that class
//	tag pua, pup, adware, hacktool, riskware, grayware,         unwanted, whatever the score
//	  greyware or unwanted, or the same as a word of the meta
//	  category, type, malware_type, threat_type or classification
//
// A rule that is kept from files by THOR's `limit` ("Logscan"; anything without
// "file" in it) or by `type = "memory"` is never reported.
//
// # Limits
//
// Config.Timeout and the context's deadline bound one scan; libyara counts whole
// seconds, so that it may take up to a second longer, and looks at the clock
// now and then only. A scan that has begun does not see the context cancelled. A
// timeout is an error that wraps context.DeadlineExceeded: the object was not
// wholly examined.
//
// Config.MaxMatches bounds the findings of an object. Matches of rules are
// cheap, those of strings are not: libyara keeps up to 1,000,000 for each string
// of which a rule asks the number or the place, about 64 bytes each, outside of
// Go's memory. An object is matched under at most 17 names; more is an error
// after these.
//
// What a set of rules costs each object, however small, is above all the modules
// it imports: pe alone takes about 0.4 ms. An import that no rule of a file uses
// is therefore left out. A rule file may have 64 MiB.
//
// # Security
//
// Rules are trusted as a program is: one can take all the time there is. Objects
// are not. libyara is written in C and parses them in its modules; version 4.2.3
// has known faults there that later ones have mended, and a fault ends the
// process. Prefer 4.5, and rules without modules where that matters more than
// what they find.
//
// Every scan passes libyara's SCAN_FLAGS_NO_TRYCATCH. Without it libyara 4.2
// changes the process's handlers of SIGSEGV and SIGBUS during each scan, and a
// nil dereference that Go code recovers from elsewhere kills the process.
//
// The module magic is not used, and rules that need it are lost with a warning:
// for some bytes libmagic has no answer, and libyara dereferences that NULL.
//
// Compiled rules are not loaded: libyara trusts what is in them.
//
// # Concurrency
//
// An Engine is safe for concurrent use, and is immutable but for Close, which
// frees the rules when the last running Inspect has returned. Each running
// Inspect holds an operating system thread.
package yara
