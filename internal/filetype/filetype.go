package filetype

import "io"

// Type is a true type.
type Type struct {
	Name      string // stable short name, lower case: "pe", "docx", "zip", "js", "text", "data"
	MediaType string // "application/zip"
	Class     Class
}

// Class groups types by what a receiver can do with them.
type Class uint8

const (
	Data Class = iota
	Executable
	Script
	Document
	Archive
	Image
	Media
	Text
	Message
)

// Source is the object whose type is asked for.
type Source interface {
	io.ReaderAt
	Size() int64
}
