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

// MemberEngine is an Engine that looks also at what is known of an object without
// its bytes: its names, and what its container says of it. It sees every object
// that came out of another one, so also those whose bytes cannot be had, as for
// want of a password.
type MemberEngine interface {
	Engine

	// InspectMember is called once for each such object, before Inspect, also where
	// Inspect is not called because equal bytes were examined before. The object's
	// methods give no bytes, and its Type is not known yet. Otherwise it is as
	// Inspect.
	InspectMember(ctx context.Context, obj *Object) ([]Finding, error)
}
