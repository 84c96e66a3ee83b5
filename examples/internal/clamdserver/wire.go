package clamdserver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// maxCommand bounds a command with its path, in bytes.
const maxCommand = 8 << 10

// maxFiles bounds the descriptors that one connection may hold of those passed.
const maxFiles = 16

// wire reads a connection and collects the descriptors that are passed on it.
type wire struct {
	nc    net.Conn
	buf   []byte // read, not yet taken
	files []*os.File
	space [16 << 10]byte
	oob   []byte
	idle  atomic.Bool // it waits for a command
}

// fill reads once more from the connection, until the deadline.
func (w *wire) fill(deadline time.Time) error {
	w.nc.SetReadDeadline(deadline)
	if len(w.buf) == 0 {
		w.buf = w.space[:0]
	} else if cap(w.buf)-len(w.buf) < 4096 {
		w.buf = append(make([]byte, 0, 2*len(w.buf)+4096), w.buf...)
	}
	room := w.buf[len(w.buf):cap(w.buf)]
	n, err := w.receive(room)
	w.buf = w.buf[:len(w.buf)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// receive reads bytes and, on a unix socket, descriptors.
func (w *wire) receive(p []byte) (int, error) {
	uc, ok := w.nc.(*net.UnixConn)
	if !ok {
		return w.nc.Read(p)
	}
	if w.oob == nil {
		w.oob = make([]byte, syscall.CmsgSpace(4*maxFiles))
	}
	n, oobn, _, _, err := uc.ReadMsgUnix(p, w.oob)
	w.takeFiles(w.oob[:oobn])
	return n, err
}

func (w *wire) takeFiles(oob []byte) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			f := os.NewFile(uintptr(fd), "fd")
			if len(w.files) == maxFiles {
				f.Close()
				continue
			}
			w.files = append(w.files, f)
		}
	}
}

// file returns the first descriptor that was passed and not taken yet.
func (w *wire) file() *os.File {
	if len(w.files) == 0 {
		return nil
	}
	f := w.files[0]
	w.files = w.files[1:]
	return f
}

func (w *wire) close() {
	for _, f := range w.files {
		f.Close()
	}
	w.nc.Close()
}

// form is how a command was framed, and its answer is to be.
type form byte

const (
	bare    form = 0 // one packet; the answer ends in LF
	newline form = 'n'
	null    form = 'z'
)

func (f form) end() byte {
	if f == null {
		return 0
	}
	return '\n'
}

var errCommand = errors.New("command is too long")

// command reads the next command.
func (w *wire) command(timeout time.Duration) (form, string, error) {
	w.idle.Store(true)
	defer w.idle.Store(false)
	deadline := time.Now().Add(timeout)
	for len(w.buf) == 0 {
		if err := w.fill(deadline); err != nil {
			return bare, "", err
		}
	}
	switch f := form(w.buf[0]); f {
	case newline, null:
		line, err := w.until(f.end(), deadline)
		return f, line, err
	}
	line := w.buf
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line, w.buf = line[:i], line[i+1:]
	} else {
		w.buf = nil
	}
	return bare, string(bytes.TrimRight(line, "\r\n\x00")), nil
}

// until takes what stands before the end byte, without the form's own byte.
func (w *wire) until(end byte, deadline time.Time) (string, error) {
	for {
		if i := bytes.IndexByte(w.buf, end); i >= 0 {
			line := bytes.TrimRight(w.buf[1:i], "\r\n")
			w.buf = w.buf[i+1:]
			return string(line), nil
		}
		if len(w.buf) > maxCommand {
			return "", errCommand
		}
		if err := w.fill(deadline); err != nil {
			return "", err
		}
	}
}
