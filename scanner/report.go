package scanner

import (
	"slices"
	"time"
)

// Schema is the version of a Report's JSON form. Keys are added within a
// version, never renamed.
const Schema = 1

// Report is the result of one scan: plain data, never nil.
type Report struct {
	Schema      int         `json:"schema"`
	File        string      `json:"file,omitempty"` // what ScanFile was told it scans
	Reference   string      `json:"reference"`      // short random id for logs and reply texts, "7K3F-9QWD-2M4C"
	Verdict     Verdict     `json:"verdict"`
	Disposition Disposition `json:"disposition"`
	Reply       Reply       `json:"reply"`
	Objects     []*Object   `json:"objects"` // in the order of the tree, each before what came out of it; the first is the message or file itself
	Stats       Stats       `json:"stats"`
}

// Stats counts what a scan did.
type Stats struct {
	MessageBytes int64         `json:"message_bytes"` // raw bytes of the message
	DecodedBytes int64         `json:"decoded_bytes"` // of all objects
	SpooledBytes int64         `json:"spooled_bytes"` // that went to disk
	Objects      int           `json:"objects"`
	CacheHits    int           `json:"cache_hits,omitempty"` // times that an engine's findings came from Config.Cache
	Duration     time.Duration `json:"duration_ns"`          // time spent scanning, waiting for the sender not counted
}

// treeOrder sorts objects so that each stands before those that came out of it,
// siblings in the order in which they were found: how a message was cut into
// pieces on its way does not show. Parents are always found first.
func treeOrder(objects []*Object) []*Object {
	children := make([][]int, len(objects))
	var roots []int
	for i, o := range objects {
		if o.Parent < 0 {
			roots = append(roots, i)
		} else {
			children[o.Parent] = append(children[o.Parent], i)
		}
	}
	sorted := make([]*Object, 0, len(objects))
	place := make([]int, len(objects)) // old index to new
	slices.Reverse(roots)
	for stack := roots; len(stack) > 0; {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		place[i] = len(sorted)
		sorted = append(sorted, objects[i])
		slices.Reverse(children[i])
		stack = append(stack, children[i]...)
	}
	for _, o := range sorted {
		if o.Parent >= 0 {
			o.Parent = place[o.Parent]
		}
	}
	return sorted
}
