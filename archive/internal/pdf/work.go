package pdf

// Work that is granted for one file, in bytes that pass through a lexer or an
// inner decoder: honest files need less than their size in syntax, and less
// than a tenth of this in object streams.
const (
	workBase  = 128 << 20
	workTimes = 8 // times the file's size
	rawWeight = 4 // bytes that are only searched or copied cost a quarter
)
