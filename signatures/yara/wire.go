//go:build unix

package yara

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/fivefifty/fivefifty/scanner"
)

// The engine and its worker talk over socket pairs in frames of JSON, each with
// its length in four bytes, big-endian, in front. The rules come in a file, by
// package gob. What the worker is told is trusted; what it answers is not, as
// libyara may have gone astray in it.

// File descriptors of the worker.
const (
	fdOrders  = 3 // a file: orders
	fdControl = 4 // its end is the end of the worker
	fdFirst   = 5 // of those on which objects come, one after the other on each
)

const maxFrame = 64 << 20 // bytes

// orders is what a worker starts with.
type orders struct {
	Config Config
	Units  []wireUnit
	Conns  int
}

type wireUnit struct {
	Namespace string
	Imports   []string
	Rules     []wireRule
}

type wireRule struct {
	Name, File, Text, Fault string
	Line                    int
}

// ready is the worker's first answer, on fdControl.
type ready struct {
	Error       string
	Unavailable bool // the error is ErrUnavailable
	NoRules     bool // the error is ErrNoRules
	Warnings    []Warning
	Reportable  int
	Externals   []string
	ByName      bool
}

// request comes on one of the connections. After it come Size bytes, or one byte
// with the descriptor of a file of that size.
type request struct {
	List   bool       // the rules are asked for
	Time   int64      // for the scan, in milliseconds
	Values [][][]byte // of the externals; not strings, as JSON would mend them
	Size   int64
	File   bool
}

// reply is the answer. To a request for the rules there are several.
type reply struct {
	Findings []scanner.Finding
	Deep     bool
	Error    string
	Timeout  bool // the error is that of a deadline
	Rules    []Rule
	More     bool
}

func send(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(body) > maxFrame {
		return fmt.Errorf("frame of %d bytes", len(body))
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	return err
}

func receive(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > maxFrame {
		return fmt.Errorf("frame of %d bytes", n)
	}
	body, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		return err
	}
	if int64(len(body)) < n {
		return io.ErrUnexpectedEOF
	}
	return json.Unmarshal(body, v)
}

// sendFile sends a file's descriptor.
func sendFile(c *net.UnixConn, f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(fd uintptr) {
		_, _, sent = c.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(fd)), nil)
	})
	if err != nil {
		return err
	}
	return sent
}

// receiveFile receives a descriptor. The caller closes the file.
func receiveFile(c *net.UnixConn) (*os.File, error) {
	oob := make([]byte, syscall.CmsgSpace(4))
	_, n, _, _, err := c.ReadMsgUnix(make([]byte, 1), oob)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err == nil && len(fds) == 1 {
			syscall.CloseOnExec(fds[0])
			return os.NewFile(uintptr(fds[0]), "object"), nil
		}
	}
	return nil, fmt.Errorf("no file descriptor came")
}

// wired returns units as they are sent.
func wired(units []*unit) []wireUnit {
	var list []wireUnit
	for _, u := range units {
		w := wireUnit{Namespace: u.namespace}
		for _, imp := range u.imports {
			w.Imports = append(w.Imports, imp.name)
		}
		for _, r := range u.rules {
			w.Rules = append(w.Rules, wireRule{Name: r.name, File: r.file, Text: r.text, Fault: r.fault, Line: r.line})
		}
		list = append(list, w)
	}
	return list
}

// units is the reverse of wired.
func (o *orders) units() []*unit {
	var list []*unit
	for _, w := range o.Units {
		u := &unit{namespace: w.Namespace}
		for _, name := range w.Imports {
			u.imports = append(u.imports, statement{kind: kindImport, name: name})
		}
		for _, r := range w.Rules {
			st := statement{kind: kindRule, name: r.Name, text: r.Text, fault: r.Fault}
			if sts := split(r.Text); r.Fault == "" && len(sts) == 1 {
				st = sts[0]
			}
			st.line = r.Line
			u.rules = append(u.rules, rule{statement: st, file: r.File})
		}
		list = append(list, u)
	}
	return list
}
