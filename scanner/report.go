package scanner

import "time"

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
	Objects     []*Object   `json:"objects"` // in the order in which they were found; the first is the message or file itself
	Stats       Stats       `json:"stats"`
}

// Stats counts what a scan did.
type Stats struct {
	MessageBytes int64         `json:"message_bytes"` // raw bytes of the message
	DecodedBytes int64         `json:"decoded_bytes"` // of all objects
	SpooledBytes int64         `json:"spooled_bytes"` // that went to disk
	Objects      int           `json:"objects"`
	Duration     time.Duration `json:"duration_ns"` // time spent scanning, waiting for the sender not counted
}
