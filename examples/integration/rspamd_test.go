//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// rspamd asks the daemon, for whole mails and for parts; Postfix asks rspamd. For
// parts it does not ask about a mail that has only a text.
func TestRspamdClamd(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string]string{"whole mail": "false", "parts": "true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket, addr := filepath.Join(shortDir(t), "s"), freeAddr(t)
			f := &front{box: startMailbox(t), start: clamdAt(socket, addr),
				refused: `^554 5\.7\.1 clamav: virus found: "(EICAR-Test-File|YARA\.EICAR_Test_File)\.UNOFFICIAL"$`,
				down:    `^451 4\.7\.1 `, passesTexts: parts == "true"}
			milter := startRspamd(t, addr, parts)
			f.addr = startPostfix(t, postfixOptions{nextHop: f.box.addr, main: map[string]string{
				"smtpd_milters": "{ inet:" + milter + ", default_action=tempfail, content_timeout=40s }",
			}}).addr
			f.check(t)
		})
	}
}

// rspamdConf has the antivirus module and nothing else. Without the rule of
// force_actions what could not be scanned would be accepted: the module's word for
// it has no weight. Verbs: folder, own address, daemon's address, parts or not.
const rspamdConf = `
options {
  pidfile = "%[1]s/pid";
  tempdir = "%[1]s";
  hs_cache_dir = "%[1]s";
  control_socket = "%[1]s/control mode=0600";
  filters = "";
  url_tld = "%[1]s/tld";
  dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "file"; filename = "%[1]s/log"; level = "warning"; }
modules { path = "/usr/share/rspamd/plugins/"; }
actions { reject = 15; add_header = 6; greylist = 4; }
worker "rspamd_proxy" {
  bind_socket = "%[2]s";
  milter = yes;
  timeout = 30s;
  count = 1;
  upstream "local" { default = yes; self_scan = yes; }
}

antivirus {
  clamav {
    type = "clamav"; symbol = "CLAM_VIRUS"; action = "reject";
    servers = "%[3]s"; scan_mime_parts = %[4]s; scan_image_mime = true;
    timeout = 5; retransmits = 1;
    message = '${SCANNER}: virus found: "${VIRUS}"';
  }
}
force_actions {
  rules {
    unscanned { expression = "CLAM_VIRUS_FAIL"; action = "soft reject"; message = "Not scanned, try again later"; }
  }
}
`

func startRspamd(t *testing.T, daemon, parts string) (addr string) {
	t.Helper()
	need(t, "rspamd", "postfix")
	dir := shortDir(t)
	must(t, os.Chmod(dir, 0o777))
	addr = freeAddr(t)
	write(t, filepath.Join(dir, "tld"), "test\n")
	write(t, filepath.Join(dir, "conf"), fmt.Sprintf(rspamdConf, dir, addr, daemon, parts))
	server(t, dir, []string{"log"}, nil, "rspamd", "-f", "-c", filepath.Join(dir, "conf"), "-u", "_rspamd", "-g", "_rspamd")
	waitFor(t, addr)
	return addr
}
