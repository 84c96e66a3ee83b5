// Package unace decodes the methods of ACE: the LZ77 of version 1, and the blocks of
// version 2, which are LZ77, LZ77 behind a filter for programs or for tables, a
// predictor for sound and one for pictures.
//
// There is no specification. The source is D. Roethlisberger's acefile, which tells
// what the programs of the format's author do.
//
// # Security
//
// All input is hostile. The dictionary grows with what is decoded, up to a bound that
// the caller gives; no size in the stream allocates more than two rows of a picture,
// 1 MiB each. Building codes and beginning pictures, which cost time and yield nothing,
// is paid from a credit that grows with the output: see ErrWork. Streams have no end of
// their own: a reader ends at the size that it is given, or fails where the input ends,
// with all bytes up to there yielded. A Decoder and its readers are for one goroutine.
package unace

import "errors"

// Faults of a stream besides its early end.
var (
	ErrCorrupt = errors.New("corrupt ACE stream")
	ErrWindow  = errors.New("distance beyond the dictionary")
	ErrWork    = errors.New("too much work for too little output")
)
