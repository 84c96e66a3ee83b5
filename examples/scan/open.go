package main

import (
	"bytes"
	"io"
	"os"
	"syscall"
)

// openFile opens a file to read. If it was found in a folder, opening does not
// wait: a pipe may have taken the place of the file.
func openFile(path string, found bool) (*os.File, error) {
	flags := os.O_RDONLY
	if found {
		flags |= syscall.O_NONBLOCK
	}
	return os.OpenFile(path, flags, 0)
}

func newBytes(b []byte) io.Reader { return bytes.NewReader(b) }

// maybeMailbox says whether a file that starts so is worth a look whether it is
// a mailbox.
func maybeMailbox(start []byte) bool {
	start = bytes.TrimPrefix(start, []byte("\ufeff"))
	start = bytes.TrimLeft(start, "\r\n")
	return len(start) < len(fromLine) || bytes.HasPrefix(start, fromLine)
}
