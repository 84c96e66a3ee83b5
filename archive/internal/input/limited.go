package input

import (
	"bufio"
	"io"
)

// Limited is the next Left bytes of R. It hands out single ones too: for a source that
// does not, an inflater makes a buffer of its own each time that it begins anew.
type Limited struct {
	R    *bufio.Reader
	Left int64
}

func (l *Limited) Read(p []byte) (int, error) {
	if l.Left <= 0 {
		return 0, io.EOF
	}
	n, err := l.R.Read(p[:min(int64(len(p)), l.Left)])
	l.Left -= int64(n)
	return n, err
}

// ReadByte returns the next byte.
func (l *Limited) ReadByte() (byte, error) {
	if l.Left <= 0 {
		return 0, io.EOF
	}
	b, err := l.R.ReadByte()
	if err == nil {
		l.Left--
	}
	return b, err
}
