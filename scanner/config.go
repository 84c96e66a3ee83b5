package scanner

import "time"

// Config is what a Scanner is made of. The zero value is the safe default with
// no engines: it walks, detects types and applies the default policy.
type Config struct {
	Engines []Engine // asked in this order for every object
	Policy  Policy
	Limits  Limits

	// Cache keeps what those of the Engines found that are Repeatable; nil keeps
	// nothing. Scanners may share one, also with different rules.
	Cache Cache

	// Passwords are tried on whatever is encrypted, beside those that the
	// message itself may name in its texts, subject and file names.
	Passwords []string

	// TempDir is where objects that do not fit in memory are spooled, as files
	// of mode 0600 without a name; default os.TempDir().
	TempDir string
}

// Limits bound one scan. The zero value of a field is its default, a negative
// number is an error from New, "no limit" does not exist. What a limit keeps
// from being examined is in the report as [ReasonLimit] with the limit's name.
type Limits struct {
	MessageBytes int64         // raw bytes of the message; default 64 MiB; protects the spool and the line
	ObjectBytes  int64         // decoded bytes of one object; default 100 MiB; protects engines
	TotalBytes   int64         // decoded bytes of all objects; default 400 MiB; protects CPU and disk
	Work         int64         // bytes that came out of containers, each as often as its method is slower than deflate (bzip2 10, Quantum 40, …; PPMd counts its own), or what containers take of a processor on Linux if that is more, 7 ns for each; default 1 Gi, some eight seconds; protects CPU
	Ratio        int64         // bytes out per byte in along the chain from a message's part to an object, above 32 MiB; default 1,000; finds bombs early
	Depth        int           // nesting of multiparts, messages and containers together; default 17
	Objects      int           // objects of all kinds; default 10,000
	Entities     int           // MIME entities; default 1,024
	HeaderBytes  int           // header bytes of one entity; default 256 KiB
	Time         time.Duration // time spent scanning, waiting for the sender not counted; default 30 s
	MemoryBytes  int64         // object bytes held in memory before they go to disk; default 32 MiB
	Dictionary   int64         // dictionary or window of one decoder; default 64 MiB
	KeyWork      int64         // calls of a hash's or cipher's block function spent on trying passwords; default 16 million, some seconds; what they do not open is encrypted
}
