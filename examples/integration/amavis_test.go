//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// amavis asks the daemon: by folder, and in a session.
func TestAmavisClamd(t *testing.T) {
	t.Parallel()
	for name, scanner := range map[string]string{
		"CONTSCAN": `['ClamAV-clamd', \&ask_daemon, ["CONTSCAN {}\n", "%[1]s"], qr/\bOK$/m, qr/\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]`,
		"session":  `['ClamAV-clamd', \&ask_daemon, ["*", "clamd:%[1]s"], qr/\bOK$/m, qr/\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket, addr := filepath.Join(shortDir(t), "s"), freeAddr(t)
			f := &front{box: startMailbox(t), start: clamdAt(socket, addr),
				refused: `^554 5\.7\.0 Reject, id=\S+ - INFECTED: .*EICAR.Test.File\.UNOFFICIAL$`,
				down:    `^451 4\.5\.0 `}
			f.addr = startAmavis(t, f.box.addr, fmt.Sprintf(scanner, socket))
			f.check(t)
		})
	}
}

// amavisConf has amavis ask one scanner and refuse in the session; without a
// scanner it refuses for now. Verbs: folder, own port, next hop's port, scanner.
const amavisConf = `
use strict;
$daemon_user = 'amavis'; $daemon_group = 'amavis';
$MYHOME = "%[1]s"; $TEMPBASE = "$MYHOME/tmp"; $db_home = "$MYHOME/db"; $pid_file = "$MYHOME/pid"; $lock_file = "$MYHOME/lock";
$QUARANTINEDIR = undef; $helpers_home = $MYHOME;
$myhostname = 'mx.test'; $mydomain = 'test';
$max_servers = 4; $enable_db = 0; $enable_zmq = 0; $nanny_details_level = 0; $sa_local_tests_only = 1;
$log_level = 1; $do_syslog = 0; $LOGFILE = "$MYHOME/log";
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = %[2]s; @inet_acl = ('127.0.0.1');
$forward_method = 'smtp:[127.0.0.1]:%[3]s'; $notify_method = $forward_method;
@local_domains_maps = (1); @mynetworks = ('127.0.0.0/8');
@bypass_spam_checks_maps = (1); @bypass_banned_checks_maps = (1); @bypass_header_checks_maps = (1);
$virus_scanners_failure_is_fatal = 1; # or else mail passes unscanned while the daemon is away
$final_virus_destiny = D_REJECT; $virus_quarantine_method = undef;
$warnvirussender = 0; $warnbadhsender = 0; $virus_admin = undef; $enable_dkim_verification = 0; $enable_dkim_signing = 0;
@decoders = ();
@av_scanners = (%[4]s);
@av_scanners_backup = ();
1;
`

func startAmavis(t *testing.T, nextHop, scanner string) (addr string) {
	t.Helper()
	need(t, "amavisd")
	dir := shortDir(t)
	must(t, os.Chmod(dir, 0o755))
	home := filepath.Join(dir, "home")
	for _, d := range []string{"", "tmp", "db"} {
		must(t, os.Mkdir(filepath.Join(home, d), 0o755))
	}
	run(t, "chown", "-R", "amavis:amavis", home)
	addr = freeAddr(t)
	config := filepath.Join(dir, "conf") // where amavis cannot write
	write(t, config, fmt.Sprintf(amavisConf, home, port(addr), port(nextHop), scanner))
	server(t, dir, []string{"home/log"}, nil, "amavisd", "-c", config, "foreground")
	waitFor(t, addr)
	return addr
}
