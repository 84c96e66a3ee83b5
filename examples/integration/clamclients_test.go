//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// clamsmtpd stands before the mailbox and asks the daemon.
func TestClamsmtp(t *testing.T) {
	t.Parallel()
	need(t, "clamsmtpd")
	dir := shortDir(t)
	must(t, os.Chmod(dir, 0o777))
	socket, addr := filepath.Join(dir, "s"), freeAddr(t)
	f := &front{addr: freeAddr(t), box: startMailbox(t), start: clamdAt(socket, addr),
		refused: `^550 Virus Detected; Content Rejected$`, down: `^(broken off|4)`}
	config := filepath.Join(dir, "conf")
	write(t, config, fmt.Sprintf("OutAddress: %s\nListen: %s\nClamAddress: %s\nTempDirectory: %s\nAction: bounce\nQuarantine: off\n", f.box.addr, f.addr, socket, dir))
	server(t, dir, nil, nil, "clamsmtpd", "-d", "1", "-f", config)
	waitFor(t, f.addr)
	f.check(t)
}

// clamav-milter asks the daemon, by descriptor and by stream; Postfix asks it.
func TestClamavMilter(t *testing.T) {
	t.Parallel()
	need(t, "clamav-milter", "postfix")
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			dir := shortDir(t)
			must(t, os.Chmod(dir, 0o777))
			socket, addr, milter := filepath.Join(dir, "s"), freeAddr(t), freeAddr(t)
			f := &front{box: startMailbox(t), start: clamdAt(socket, addr), recovery: time.Minute,
				refused: `^550 5\.7\.1 E-mail message contained a virus: (EICAR-Test-File|YARA\.EICAR_Test_File)\.UNOFFICIAL$`,
				down:    `^451 4\.7\.1 `}
			daemon := "unix:" + socket
			if network == "tcp" {
				daemon = "tcp:" + addr
			}
			startClamavMilter(t, dir, milter, daemon)
			f.addr = startPostfix(t, postfixOptions{nextHop: f.box.addr, main: map[string]string{
				"smtpd_milters": "{ inet:" + milter + ", default_action=tempfail, content_timeout=40s }",
			}}).addr
			f.check(t)
		})
	}
}

// startClamavMilter starts it at addr; it starts only where it reaches its daemon,
// or says so and waits.
func startClamavMilter(t *testing.T, dir, addr, daemon string) {
	t.Helper()
	config := filepath.Join(dir, "milter.conf")
	write(t, config, fmt.Sprintf("MilterSocket inet:%s@127.0.0.1\nClamdSocket %s\nForeground yes\nTemporaryDirectory %s\nUser clamav\n"+
		"OnInfected Reject\nRejectMsg E-mail message contained a virus: %%v\nOnFail Defer\nReadTimeout 20\nLogFile %s/milter.log\n", port(addr), daemon, dir, dir))
	server(t, dir, []string{"milter.log"}, nil, "clamav-milter", "-c", config)
	waitFor(t, addr)
}
