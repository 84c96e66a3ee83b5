package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// dialogue is one SMTP session that is shown while it runs.
type dialogue struct {
	conn net.Conn
	r    *bufio.Reader
	out  io.Writer
}

// send delivers m and returns the reply to its final dot.
func send(address string, m message, out io.Writer) (string, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	d := &dialogue{conn, bufio.NewReader(conn), out}
	if _, err := d.read(); err != nil {
		return "", err
	}
	for _, line := range []string{"EHLO demo.example", "MAIL FROM:<" + m.from + ">", "RCPT TO:<you@example.org>", "DATA"} {
		if reply, err := d.say(line); err != nil || reply[0] > '3' {
			return "", fmt.Errorf("%s: %s: %w", line, reply, err)
		}
	}
	d.data(m.raw)
	reply, err := d.say(".")
	if err != nil {
		return "", err
	}
	_, err = d.say("QUIT")
	return reply, err
}

func (d *dialogue) say(line string) (string, error) {
	fmt.Fprintf(d.out, "   C: %s\n", line)
	if _, err := io.WriteString(d.conn, line+"\r\n"); err != nil {
		return "", err
	}
	return d.read()
}

// read reads a reply and returns its last line. Of EHLO's many lines only the
// last is shown.
func (d *dialogue) read() (string, error) {
	for {
		line, err := d.r.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if err != nil || len(line) < 4 {
			return line, fmt.Errorf("the relay broke off: %w", err)
		}
		if line[3] != '-' {
			fmt.Fprintf(d.out, "   S: %s\n", line)
			return line, nil
		}
	}
}

// data sends the message, dots doubled, and shows its first lines. Errors show
// at the reply.
func (d *dialogue) data(raw string) {
	lines := strings.SplitAfter(raw, "\r\n")
	const shown = 6
	for i, line := range lines {
		if i < shown && strings.TrimSpace(line) != "" {
			fmt.Fprintf(d.out, "   C: %.76s\n", strings.TrimRight(line, "\r\n"))
		}
	}
	if len(lines) > shown {
		fmt.Fprintf(d.out, "   C: … %d lines in all, %d bytes\n", len(lines)-1, len(raw))
	}
	io.WriteString(d.conn, strings.ReplaceAll("\r\n"+raw, "\r\n.", "\r\n..")[2:])
}
