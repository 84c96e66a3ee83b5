//go:build unix

package yara

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Serve is the other side of Config.Command: a program that is started by it
// calls Serve, and exits when that returns. It talks to the Engine over file
// descriptors that it has inherited, and ignores SIGINT, SIGTERM and SIGHUP: it
// returns when the Engine is closed or its process ends.
func Serve() error { return serve(nil) }

// serve calls before, if it is not nil, with each object's bytes.
func serve(before func(data []byte)) error {
	control, err := inherited(fdControl)
	if err != nil {
		return fmt.Errorf("yara: not started by an Engine: %w", err)
	}
	defer control.Close()
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var o orders
	file := os.NewFile(fdOrders, "orders")
	err = gob.NewDecoder(io.NewSectionReader(file, 0, 1<<40)).Decode(&o)
	file.Close()
	if err != nil {
		return fmt.Errorf("yara: orders: %w", err)
	}
	m, warnings, err := localOf(o.Config, o.units())
	first := ready{Warnings: warnings, Unavailable: errors.Is(err, ErrUnavailable), NoRules: errors.Is(err, ErrNoRules)}
	if err != nil {
		first.Error = err.Error()
		return send(control, first)
	}
	facts := m.facts()
	first.Reportable, first.ByName = facts.reportable, facts.byName
	for _, x := range facts.externals {
		first.Externals = append(first.Externals, x.name)
	}
	for i := range o.Conns {
		c, err := inherited(fdFirst + i)
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			s := &server{matcher: m, conn: c, before: before}
			for s.next() == nil {
			}
		}()
	}
	o = orders{}
	if err := send(control, first); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, control)
	return nil
}

// inherited makes a connection of a descriptor, which must be a socket: another
// kind of file is somebody else's.
func inherited(fd int) (*net.UnixConn, error) {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFSOCK {
		return nil, errors.New("no socket")
	}
	f := os.NewFile(uintptr(fd), "connection")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("no socket of the right kind")
	}
	return u, nil
}

// server answers the requests of one connection.
type server struct {
	matcher matcher
	conn    *net.UnixConn
	before  func(data []byte)
	buffer  []byte
}

// next answers one request. An error ends the connection.
func (s *server) next() error {
	var req request
	if err := receive(s.conn, &req); err != nil {
		return err
	}
	if req.List {
		return s.list()
	}
	data, release, err := s.object(&req)
	if err != nil {
		return err
	}
	defer release()
	if s.before != nil {
		s.before(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(req.Time)*time.Millisecond)
	defer cancel()
	values := make([][]string, len(req.Values))
	for i, list := range req.Values {
		for _, v := range list {
			values[i] = append(values[i], string(v))
		}
	}
	res, err := s.matcher.match(ctx, data, values)
	rep := reply{Findings: res.findings, Deep: res.deep, Timeout: errors.Is(err, context.DeadlineExceeded)}
	if err != nil {
		rep.Error = err.Error()
	}
	return send(s.conn, rep)
}

// object returns the bytes of the request's object.
func (s *server) object(req *request) (data []byte, release func(), err error) {
	if !req.File {
		if req.Size > maxInline {
			return nil, nil, errors.New("object too long")
		}
		if s.buffer == nil {
			s.buffer = make([]byte, maxInline)
		}
		_, err := io.ReadFull(s.conn, s.buffer[:req.Size])
		return s.buffer[:req.Size], func() {}, err
	}
	f, err := receiveFile(s.conn)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != req.Size || int64(int(req.Size)) != req.Size {
		return nil, nil, errors.Join(err, errors.New("file of another size"))
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(req.Size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return data, func() { _ = syscall.Munmap(data) }, nil
}

// list sends the rules, some at a time.
func (s *server) list() error {
	const some = 500
	rules, err := s.matcher.list()
	if err != nil {
		return send(s.conn, reply{Error: err.Error()})
	}
	for len(rules) > some {
		if err := send(s.conn, reply{Rules: rules[:some], More: true}); err != nil {
			return err
		}
		rules = rules[some:]
	}
	return send(s.conn, reply{Rules: rules})
}
