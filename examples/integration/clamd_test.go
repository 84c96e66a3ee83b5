//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clamdscan asks the daemon in each of its modes, over both kinds of socket.
func TestClamdscan(t *testing.T) {
	t.Parallel()
	need(t, "clamdscan")
	dir := shortDir(t)
	socket, addr := filepath.Join(dir, "s"), freeAddr(t)
	start(t, "clamd", fmt.Sprintf("listen = [\"unix:%s\", %q]\nsocket_mode = \"0666\"\n", socket, addr), addr)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("socket: %v %v", info, err)
	}
	write(t, filepath.Join(dir, "unix.conf"), "LocalSocket "+socket+"\n")
	write(t, filepath.Join(dir, "tcp.conf"), "TCPAddr 127.0.0.1\nTCPSocket "+port(addr)+"\n")
	clean, infected := filepath.Join(dir, "clean.eml"), filepath.Join(dir, "infected.eml")
	write(t, clean, "Subject: x\n\nhello\n")
	write(t, infected, "Subject: x\nMIME-Version: 1.0\n\n"+eicar+"\n")
	for _, conf := range []string{"unix.conf", "tcp.conf"} {
		for _, mode := range []string{"", "--fdpass", "--stream", "--multiscan", "--multiscan --stream", "--multiscan --fdpass", "--allmatch"} {
			args := append(strings.Fields(mode), "--no-summary", "-c", filepath.Join(dir, conf), clean, infected)
			out, err := exec.Command("clamdscan", args...).CombinedOutput()
			code := -1
			if ee, ok := err.(*exec.ExitError); ok {
				code = ee.ExitCode()
			}
			if code != 1 || !strings.Contains(string(out), clean+": OK") || !strings.Contains(string(out), infected+": EICAR") {
				t.Errorf("%s %s: exit %d\n%s", conf, mode, code, out)
			}
		}
		if out, err := exec.Command("clamdscan", "-c", filepath.Join(dir, conf), "--ping", "1").CombinedOutput(); err != nil || !strings.Contains(string(out), "PONG") {
			t.Errorf("ping: %v %s", err, out)
		}
		in, err := os.Open(infected)
		must(t, err)
		cmd := exec.Command("clamdscan", "--no-summary", "-c", filepath.Join(dir, conf), "-")
		cmd.Stdin = in
		if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), ": EICAR-Test-File.UNOFFICIAL FOUND") {
			t.Errorf("standard input: %s", out)
		}
		in.Close()
	}
}
