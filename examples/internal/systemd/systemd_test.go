package systemd

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Notify("READY=1"); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	if err := Notify("READY=1", "STATUS=well"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, err := l.Read(buf)
	if err != nil || string(buf[:n]) != "READY=1\nSTATUS=well" {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

// TestListeners runs itself with a socket as systemd would: by a shell, as the
// process must know its own number.
func TestListeners(t *testing.T) {
	if os.Getenv("FIVEFIFTY_CHILD") != "" {
		child(t)
		return
	}
	if got, err := Listeners(); len(got) != 0 || err != nil {
		t.Errorf("without systemd: %v, %v", got, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestListeners$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "FIVEFIFTY_CHILD=1")
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func child(t *testing.T) {
	all, err := Listeners()
	if err != nil || len(all) != 1 || os.Getenv("LISTEN_FDS") != "" {
		t.Fatalf("%v, %v", all, err)
	}
	c, err := all[0].Accept()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "hello")
	c.Close()
}
