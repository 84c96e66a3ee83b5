package deploy

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Each program takes the socket over that systemd has opened, tells systemd that it
// is ready and that it stops, and ends in good order.
func TestActivation(t *testing.T) {
	if _, err := exec.LookPath("systemd-socket-activate"); err != nil {
		t.Skip("systemd-socket-activate is not installed")
	}
	dir := t.TempDir()
	for name, dialogue := range map[string][2]string{"relay": {"", "220 "}, "milter": {"", ""}, "clamd": {"zPING\x00", "PONG"}} {
		t.Run(name, func(t *testing.T) {
			notify := filepath.Join(dir, name+".notify")
			told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer told.Close()
			told.SetDeadline(time.Now().Add(30 * time.Second))
			socket := filepath.Join(dir, name+".socket")
			cmd := exec.Command("systemd-socket-activate", "-l", socket, "-E", "NOTIFY_SOCKET="+notify, filepath.Join(bin, name))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			c := dial(t, socket)
			defer c.Close()
			if got := next(t, told); !strings.Contains(got, "READY=1") {
				t.Errorf("told %q", got)
			}
			io.WriteString(c, dialogue[0])
			if want := dialogue[1]; want != "" {
				got := make([]byte, len(want))
				if _, err := io.ReadFull(bufio.NewReader(c), got); err != nil || string(got) != want {
					t.Errorf("answer %q, %v", got, err)
				}
			}
			cmd.Process.Signal(syscall.SIGHUP) // it has become the program
			if got := next(t, told) + next(t, told); !strings.Contains(got, "RELOADING=1") || !strings.Contains(got, "READY=1") {
				t.Errorf("told %q", got)
			}
			cmd.Process.Signal(syscall.SIGTERM)
			if got := next(t, told); !strings.Contains(got, "STOPPING=1") {
				t.Errorf("told %q", got)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func dial(t *testing.T, socket string) net.Conn {
	t.Helper()
	for range 300 {
		if c, err := net.Dial("unix", socket); err == nil {
			c.SetDeadline(time.Now().Add(30 * time.Second))
			return c
		} else if !os.IsNotExist(err) && !strings.Contains(err.Error(), "refused") && !strings.Contains(err.Error(), "no such file") {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("no socket")
	return nil
}

func next(t *testing.T, told *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 1000)
	n, err := told.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}
