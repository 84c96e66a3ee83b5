package systemd

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// firstSocket is the number of the first descriptor that is passed
// (SD_LISTEN_FDS_START).
const firstSocket = 3

// Listeners returns the sockets that systemd passed, none if it passed none. The
// second call returns none.
func Listeners() ([]net.Listener, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name) // they are not for our children
	}
	if err != nil || n < 0 || n > 1000 {
		return nil, fmt.Errorf("LISTEN_FDS: %d sockets: %w", n, err)
	}
	var all []net.Listener
	for fd := firstSocket; fd < firstSocket+n; fd++ {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "systemd")
		l, err := net.FileListener(f) // a copy
		f.Close()
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("socket %d of systemd: %w", fd, err)
		}
		all = append(all, l)
	}
	return all, nil
}
