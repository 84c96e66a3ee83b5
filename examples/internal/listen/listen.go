// Package listen opens the addresses that the programs serve.
package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/fivefifty/fivefifty/examples/internal/systemd"
)

// All opens every address: "unix:/path", the socket with the file mode, or
// "host:port". Sockets that systemd passes come instead of them.
func All(addrs []string, mode fs.FileMode) ([]net.Listener, error) {
	all, err := systemd.Listeners()
	if len(all) > 0 || err != nil {
		return all, err
	}
	for _, addr := range addrs {
		l, err := listen(addr, mode)
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Mode reads a file mode, three octal digits.
func Mode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(s, 8, 9)
	return fs.FileMode(n), err
}

func listen(addr string, mode fs.FileMode) (net.Listener, error) {
	path, unix := strings.CutPrefix(addr, "unix:")
	if !unix {
		return net.Listen("tcp", addr)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// Nobody may connect before the mode is set.
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, mode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// removeStale removes a socket that nobody serves any more.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%s: is there and is no socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("%s: another daemon answers there", path)
	}
	return os.Remove(path)
}
