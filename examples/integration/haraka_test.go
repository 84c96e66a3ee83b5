//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Haraka asks the daemon, and hands on to the mailbox.
func TestHarakaClamd(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			socket, addr := filepath.Join(shortDir(t), "s"), freeAddr(t)
			daemon := socket
			if network == "tcp" {
				daemon = addr
			}
			f := &front{box: startMailbox(t), start: clamdAt(socket, addr),
				refused: `^550 (5\.7\.1 )?Message is infected with (EICAR-Test-File|YARA\.EICAR_Test_File)\.UNOFFICIAL`,
				down:    `^4\d\d `}
			f.addr = startHaraka(t, f.box.addr, daemon)
			f.check(t)
		})
	}
}

// startHaraka starts an instance of npm's Haraka that scripts/deps-servers brought.
func startHaraka(t *testing.T, nextHop, daemon string) (addr string) {
	t.Helper()
	need(t, "node")
	modules, err := filepath.Abs("../../bin/servers/haraka/node_modules")
	must(t, err)
	program := filepath.Join(modules, "Haraka", "bin", "haraka")
	if _, err := os.Stat(program); err != nil {
		skip(t, "Haraka is not unpacked: run scripts/deps-servers where npm is installed")
	}
	dir := shortDir(t)
	must(t, os.Mkdir(filepath.Join(dir, "queue"), 0o755))
	must(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	addr = freeAddr(t)
	// What it comes with, and over it what the test wants.
	run(t, "cp", "-r", filepath.Join(modules, "Haraka", "config"), dir)
	for name, text := range map[string]string{
		"smtp.ini":         "listen=" + addr + "\nnodes=0\n",
		"plugins":          "rcpt_to.in_host_list\nclamd\nqueue/smtp_forward\n",
		"host_list":        "rcpt.test\n",
		"me":               "mx.test\n",
		"loglevel":         "LOGNOTICE\n",
		"clamd.ini":        "clamd_socket=" + daemon + "\nmax_size=100000\n[reject]\nvirus=true\nerror=true\n",
		"smtp_forward.ini": fmt.Sprintf("host=127.0.0.1\nport=%s\n", port(nextHop)),
	} {
		write(t, filepath.Join(dir, "config", name), text)
	}
	server(t, dir, nil, nil, "node", program, "-c", dir)
	waitFor(t, addr)
	return addr
}
