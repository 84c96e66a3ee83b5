// Package systemd is the little that a daemon needs of systemd: to say how it
// fares (sd_notify(3)), and to take over sockets (sd_listen_fds(3)). Where systemd
// did not start the program, both do nothing.
package systemd

import (
	"net"
	"os"
	"strings"
)

// Notify tells systemd, for units of Type=notify: "READY=1", "STOPPING=1",
// "STATUS=…". An error means that systemd was not told.
func Notify(states ...string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if path[0] == '@' { // an abstract one
		path = "\x00" + path[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte(strings.Join(states, "\n")))
	return err
}
