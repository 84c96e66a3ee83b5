//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
)

// Exim asks the daemon: by path over a socket, and with the bytes over TCP.
func TestEximClamd(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			socket, addr := filepath.Join(shortDir(t), "s"), freeAddr(t)
			scanner := "clamd:" + socket
			if network == "tcp" {
				scanner = "clamd:127.0.0.1 " + port(addr)
			}
			f := &front{box: startMailbox(t), start: clamdAt(socket, addr),
				refused: `^550 This message contains malware \((EICAR-Test-File|YARA\.EICAR_Test_File)\.UNOFFICIAL\)$`,
				down:    `^451 Temporary local problem`}
			f.addr = startExim(t, f.box.addr, scanner)
			f.check(t)
		})
	}
}

// eximConf has Exim's part of the matter, and what keeps an instance of the test's
// own apart from the system's. Verbs: folder, own port, scanner, next hop's port,
// program.
const eximConf = `
spool_directory = %[1]s/spool
log_file_path = %[1]s/spool/%%slog
pid_file_path = %[1]s/spool/pid
exim_path = %[5]s
primary_hostname = mx.test
local_interfaces = <; [127.0.0.1]:%[2]s
tls_advertise_hosts =
keep_environment =
host_lookup =
smtp_accept_max = 100
smtp_accept_queue_per_connection = 1000
queue_run_max = 5

av_scanner = %[3]s
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data

begin acl
acl_rcpt:
  accept
acl_data:
  deny message = This message contains malware ($malware_name)
       malware = *
  accept

begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = next

begin transports
next:
  driver = smtp
  port = %[4]s
  hosts_try_fastopen =

begin retry
* * F,1h,1m
`

func startExim(t *testing.T, nextHop, scanner string) (addr string) {
	t.Helper()
	need(t)
	u, err := user.Lookup("Debian-exim")
	if err != nil {
		skip(t, "Exim's user Debian-exim is missing: run scripts/deps-servers")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	program := unpacked(t, "usr/sbin/exim4")
	dir := shortDir(t)
	spool := filepath.Join(dir, "spool")
	must(t, os.Mkdir(spool, 0o755))
	must(t, os.Chown(spool, uid, gid))
	addr = freeAddr(t)
	config := filepath.Join(dir, "exim.conf")
	write(t, config, fmt.Sprintf(eximConf, dir, port(addr), scanner, port(nextHop), program))
	server(t, dir, []string{"spool/mainlog", "spool/paniclog"}, nil, program, "-C", config, "-bdf")
	waitFor(t, addr)
	return addr
}

// Where the daemon has room for one client only, the others wait.
func TestEximClamdFull(t *testing.T) {
	t.Parallel()
	socket, addr := filepath.Join(shortDir(t), "s"), freeAddr(t)
	f := &front{box: startMailbox(t), start: clamdAt(socket, addr), refused: `^550 This message contains malware `}
	f.addr = startExim(t, f.box.addr, "clamd:127.0.0.1 "+port(addr))
	f.start(t, "[limits]\nconnections = 1\n")
	f.crowd(t)
}
