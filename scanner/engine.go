package scanner

import "context"

// Engine looks at one object. The Scanner walks, opens, decodes and limits; an
// engine only looks. It must be safe for concurrent use.
//
// Inspect gets every object that has bytes, after the object is complete. ctx
// carries the time that is left to the scan as its deadline. obj and what its
// methods return are valid only until Inspect returns. An error says that the
// object was not (wholly) examined: it becomes [ReasonTimeout] in the report
// where it wraps context.DeadlineExceeded, else [ReasonEngine]; findings
// returned beside it count. A panic is the same as an error.
type Engine interface {
	Name() string // short, lower case, stable: "yara", "hashset"
	Inspect(ctx context.Context, obj *Object) ([]Finding, error)
}
