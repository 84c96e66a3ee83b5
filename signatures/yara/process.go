//go:build unix

package yara

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one process of a worker.
type process struct {
	cmd     *exec.Cmd
	control *net.UnixConn
	free    chan *net.UnixConn // connections on which nothing is asked
	conns   []*net.UnixConn
	stderr  firstBytes
	gone    chan struct{} // closed when the process was waited for
	how     string        // it ended; valid after gone
	dir     string        // for objects
}

// startTimeout bounds a start: the rules may have to be compiled.
const startTimeout = 10 * time.Minute

// writeOrders puts what a process starts with into a file without a name.
func writeOrders(cfg Config, units []*unit, conns int) (*os.File, error) {
	f, err := unnamedFile(cfg.TempDir)
	if err != nil {
		return nil, err
	}
	cfg.Paths, cfg.Sources, cfg.Command = nil, nil, nil // the rules are in units
	w := bufio.NewWriter(f)
	err = gob.NewEncoder(w).Encode(orders{Config: cfg, Units: wired(units), Conns: conns})
	if err = errors.Join(err, w.Flush()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// unnamedFile makes a temporary file that has no name any more.
func unnamedFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "fivefifty-yara-") // mode 0600
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func startProcess(cfg Config, orders *os.File, conns int) (*process, error) {
	p := &process{dir: cfg.TempDir, free: make(chan *net.UnixConn, conns), gone: make(chan struct{})}
	p.cmd = exec.Command(cfg.Command[0], cfg.Command[1:]...)
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is typed on a terminal is not for it
	p.cmd.ExtraFiles = []*os.File{orders}
	err := p.connect()
	if err == nil {
		err = p.cmd.Start()
	}
	for _, f := range p.cmd.ExtraFiles[1:] {
		f.Close() // the process has its own
	}
	if err != nil {
		p.disconnect()
		return nil, err
	}
	return p, nil
}

// connect makes the connections, the control first.
func (p *process) connect() error {
	for i := range 1 + cap(p.free) {
		ours, theirs, err := socketPair()
		if err != nil {
			return err
		}
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, theirs)
		p.conns = append(p.conns, ours)
		if i == 0 {
			p.control = ours
		} else {
			p.free <- ours
		}
	}
	return nil
}

// socketPair returns two ends of a connection.
func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	theirs = os.NewFile(uintptr(fds[1]), "worker")
	if ours, err = inherited(fds[0]); err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// wait waits for the process's end, so that no zombie stays.
func (p *process) wait() {
	err := p.cmd.Wait()
	p.how = p.cmd.ProcessState.String()
	if err != nil && p.cmd.ProcessState == nil {
		p.how = err.Error()
	}
	if text := p.stderr.line(); text != "" {
		p.how += ": " + text
	}
	p.disconnect()
	close(p.gone)
}

func (p *process) disconnect() {
	for _, c := range p.conns {
		c.Close()
	}
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// kill ends the process and waits for its end. Again it does nothing.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// end returns errEnded with how the process ended, after killing it: something
// is wrong with it.
func (p *process) end() error {
	p.kill()
	return fmt.Errorf("%w: %s", errEnded, p.how)
}

// hello reads the process's first answer. Only then somebody waits for its end,
// since that closes the connections, and the answer may be its last.
func (p *process) hello() (first ready, err error) {
	_ = p.control.SetReadDeadline(time.Now().Add(startTimeout))
	err = receive(p.control, &first)
	go p.wait()
	if err != nil {
		return ready{}, fmt.Errorf("yara: worker did not start: %w", p.end())
	}
	return first, nil
}

// acquire returns a connection on which nothing is asked.
func (p *process) acquire(ctx context.Context) (*net.UnixConn, error) {
	select {
	case c := <-p.free:
		return c, nil
	case <-p.gone:
		return nil, p.end()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *process) release(c *net.UnixConn) { p.free <- c }

// ask sends a request, with its object, and returns the answer. If none comes in
// time, or no sound one, the process is killed.
func (p *process) ask(c *net.UnixConn, req request, data []byte, limit time.Duration) (reply, error) {
	_ = c.SetWriteDeadline(time.Now().Add(limit))
	req.Size, req.File = int64(len(data)), len(data) > maxInline
	if !req.File {
		if err := send(c, req); err != nil {
			return reply{}, p.end()
		}
		if _, err := c.Write(data); err != nil {
			return reply{}, p.end()
		}
		return p.answer(c, limit)
	}
	f, err := unnamedFile(p.dir)
	if err != nil {
		return reply{}, err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return reply{}, err
	}
	if err := send(c, req); err != nil {
		return reply{}, p.end()
	}
	if err := sendFile(c, f); err != nil {
		return reply{}, p.end()
	}
	return p.answer(c, limit)
}

// answer reads an answer.
func (p *process) answer(c *net.UnixConn, limit time.Duration) (rep reply, err error) {
	_ = c.SetReadDeadline(time.Now().Add(limit))
	err = receive(c, &rep)
	switch {
	case err == nil:
		return rep, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.kill()
		return reply{}, fmt.Errorf("no answer after %v, so it was killed: %w", limit, context.DeadlineExceeded)
	}
	return reply{}, p.end()
}

// firstBytes keeps the first bytes written to it.
type firstBytes struct {
	mu   sync.Mutex
	text []byte
}

func (f *firstBytes) Write(b []byte) (int, error) {
	const most = 512
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = append(f.text, b[:min(len(b), most-len(f.text))]...)
	return len(b), nil
}

// line returns the first line.
func (f *firstBytes) line() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	first, _, _ := strings.Cut(string(f.text), "\n")
	return line(first, 200)
}
