// Package yara matches the objects of a message against YARA rules, through
// libyara and the binding github.com/hillu/go-yara/v4. It needs cgo; without,
// the package builds and [New] returns [ErrUnavailable].
//
// An [Engine] is made of rule files, folders of them, or texts in memory. Each
// file is a namespace, called by its path within the folder. An include
// statement is resolved from the including file and only within the folder; a
// file that another one includes comes with that one alone, and an index of
// files that another one includes as well is passed over. What does not
// compile is left out rule by rule, with all that refers to it, and each such
// rule is a [Warning] with its file and line; the rest is used. A global rule
// that is lost takes its whole file with it: the others would match what it was
// there to exclude.
//
//	engine, warnings, err := yara.New(yara.Config{Paths: []string{"/etc/rules"}})
//	…
//	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{engine}})
//
// A [scanner.Finding] has the rule's identifier as its signature, or the text of its
// meta reported_as, by which Config.Disable may call it too; its namespace,
// the file and line where it stands as its source, and of its metas the first of
// description, desc, info, comment and the first of reference, references, ref,
// reference1, url, source_url. Its matches are the first 4 of each string, up to
// 16, for the first 1024 strings of the rules that matched an object; the length
// is that of the bytes that libyara keeps, at most 512. Its detail are the tags.
// [Engine.List] tells all there is to know of each rule. Private rules are never
// reported.
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
//	mail_container  what it was unpacked from, as what it was opened: "zip", also for documents
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
//	action = "block", "reject", "deny" or "quarantine"          malicious
//	action = "alert", "warn" or "flag"                          suspicious
//	action = "log", "notice", "allow", "accept" or "none"       notice
//	tag pua, pup, adware, hacktool, riskware, grayware,         unwanted, whatever the score
//	  greyware or unwanted, or the same as a word of the meta
//	  category, type, malware_type, threat_type or classification
//
// Other values of these metas decide nothing. What a class does to the message is
// the Scanner's policy. Config.DefaultScore, Malicious and Suspicious move the
// thresholds, and Config.Disable silences single rules.
//
// Not reported either, unless Config.EveryRule is set, are rules that are not
// meant for files in mail: those that THOR's `limit` ("Logscan"; anything without
// "file" in it) or `type = "memory"` keeps from files, and those of a file called
// thor_inverse_matches.yar, which match what bears a Windows program's name and
// does not look like it. All of these still count where another rule refers to
// them.
//
// # Modules
//
// libyara builds each module that a set of rules imports anew for each scan: 0.3
// ms for pe, 0.15 for macho, 0.07 for elf, 0.04 for dex, where a small object
// takes 0.01 without. So rules that use one of these, or dotnet, or refer to a
// rule that does, are compiled apart, and a rule without modules takes the place
// of each, a gate, which matches wherever the rule does and possibly elsewhere:
// its condition is the rule's, in which what needs a module is replaced by true,
// or by a test for the module's format where the rule cannot match without. The
// rules with modules run on the objects for which a gate matched, which among
// real mail are the programs. What matches is the same as if all rules were
// compiled together. An import that no rule of a file uses is left out.
//
// # Compiled rules
//
// With Config.Cache the compiled rules are kept in a folder, in a file that is
// called by a digest of the rules' sources, of the variables they may use, of
// this package's and the binding's version, and of libyara itself. libyara
// trusts what it loads, and a damaged file would end the process: so the folder
// and the file must be the process's own and closed to others, and a SHA-256 in
// the file is checked before libyara sees the rest. A file that does not fit is
// written anew, with a Warning. The warnings about the rules are kept with them.
// The newest eight files stay.
//
// # Worker
//
// With Config.Command libyara runs in another process, started by the Engine: a
// program that calls [Serve]. Often it is the same program, which looks at its
// arguments first of all:
//
//	if len(os.Args) == 2 && os.Args[1] == "yara-worker" {
//		if err := yara.Serve(); err != nil {
//			log.Fatal(err)
//		}
//		return
//	}
//	…
//	engine, warnings, err := yara.New(yara.Config{
//		Paths:   []string{"/etc/rules"},
//		Command: []string{"/proc/self/exe", "yara-worker"},
//	})
//
// What it finds is the same. If the process ends while it has an object, however
// that comes, the object is tried once more, alone, in a new one; if that ends
// too, Inspect returns an error. If it gives no answer in time it is killed, and
// that is a timeout. The rules are those that New read, whatever became of the
// files since. Objects over 64 KiB are handed over in a temporary file without a
// name. A program built without cgo can have a worker that is built with it.
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
// A rule file may have 64 MiB. [Engine.Stats] tells what scans took, and which
// object took longest.
//
// # Security
//
// Rules are trusted as a program is: one can take all the time there is. Objects
// are not. libyara is written in C and parses them in its modules; version 4.2.3
// has known faults there that later ones have mended, and a fault ends the
// process: prefer 4.5, and a worker.
//
// Every scan passes libyara's SCAN_FLAGS_NO_TRYCATCH. Without it libyara 4.2
// changes the process's handlers of SIGSEGV and SIGBUS during each scan, and a
// nil dereference that Go code recovers from elsewhere kills the process.
//
// The module magic is not used, and rules that need it are lost with a warning:
// for some bytes libmagic has no answer, and libyara dereferences that NULL.
//
// Files of compiled rules are not loaded, but for those that this package has
// written into Config.Cache. What a worker answers is read within bounds, and
// taken for what a rule may say; a worker that libyara's fault has put into
// somebody else's hands can still hide a finding.
//
// # Concurrency
//
// An Engine is safe for concurrent use, and is immutable but for Close, which
// frees the rules when the last running Inspect has returned. Each running
// Inspect holds an operating system thread.
package yara
