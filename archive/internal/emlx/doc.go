// Package emlx reads the files in which Apple Mail keeps messages: a line with the
// message's length in bytes, the message, and a property list. The format is published
// nowhere; these are the files that Mail writes.
package emlx
