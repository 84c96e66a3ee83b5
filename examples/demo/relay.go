package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// relay is the relay's process.
type relay struct {
	cmd     *exec.Cmd
	address string
	exited  chan struct{}

	mu    sync.Mutex
	lines []string // of its built-in sink
}

// startRelay starts the binary on port 2525, or on a free one if that is busy,
// and waits until it listens.
func startRelay(path string) (*relay, error) {
	address := "127.0.0.1:2525"
	if l, err := net.Listen("tcp", address); err != nil {
		address = "127.0.0.1:0"
	} else {
		l.Close()
	}
	r := &relay{cmd: exec.Command(path, "--listen", address), exited: make(chan struct{})}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan string, 1)
	var readers sync.WaitGroup
	readers.Go(func() { r.readSink(stdout) })
	readers.Go(func() { readLog(stderr, listening) })
	go func() { readers.Wait(); r.cmd.Wait(); close(r.exited) }()

	select {
	case r.address = <-listening:
		fmt.Printf("The relay (process %d) listens on %s.\n", r.cmd.Process.Pid, r.address)
		return r, nil
	case <-r.exited:
		return nil, errors.New("the relay did not start")
	case <-time.After(20 * time.Second):
		r.stop()
		return nil, errors.New("the relay did not start in time")
	}
}

func (r *relay) readSink(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.mu.Lock()
		r.lines = append(r.lines, lines.Text())
		r.mu.Unlock()
	}
}

// readLog passes the relay's log on until it listens, and is silent then: its
// lines would fall into the dialogue.
func readLog(log io.Reader, listening chan<- string) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		_, rest, found := strings.Cut(lines.Text(), " address=")
		if found && strings.Contains(lines.Text(), "msg=listening ") {
			address, _, _ := strings.Cut(rest, " ")
			listening <- address
			break
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	io.Copy(io.Discard, log)
}

// delivery waits for the sink's line about the message with this subject.
func (r *relay) delivery(subject string, wait time.Duration) (string, bool) {
	for end := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		r.mu.Lock()
		for _, line := range r.lines {
			if strings.Contains(line, "subject="+strconv.Quote(subject)+" ") {
				r.mu.Unlock()
				return line, true
			}
		}
		r.mu.Unlock()
		if time.Now().After(end) {
			return "", false
		}
	}
}

// stop asks the process to end, and makes it if it does not.
func (r *relay) stop() {
	r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.exited:
	case <-time.After(5 * time.Second):
		r.cmd.Process.Kill()
		<-r.exited
	}
}
