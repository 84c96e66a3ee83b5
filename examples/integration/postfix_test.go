//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// postfix is a Postfix instance of the test's own: its files in a temporary
// folder, its server on one loopback port, all of its mail to one next hop.
type postfix struct {
	dir  string
	addr string
}

// postfixOptions are what differs between the tests.
type postfixOptions struct {
	nextHop string            // host:port of the sink
	main    map[string]string // more of main.cf
	smtpd   []string          // -o options of the server on addr
	more    string            // more of master.cf
}

// startPostfix starts an instance and stops it when the test ends.
func startPostfix(t *testing.T, opts postfixOptions) *postfix {
	t.Helper()
	need(t, "postfix")
	// Not t.TempDir: Postfix's own users must reach it.
	dir, err := os.MkdirTemp("", "postfix")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &postfix{dir: dir, addr: freeAddr(t)}
	must(t, os.Chmod(dir, 0o755))
	for _, d := range []string{"conf", "queue", "data"} {
		must(t, os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	run(t, "chown", "postfix", filepath.Join(dir, "data"))
	write(t, filepath.Join(dir, "conf", "main.cf"), p.mainCF(opts))
	write(t, filepath.Join(dir, "conf", "master.cf"), p.masterCF(opts))
	run(t, "postfix", "-c", filepath.Join(dir, "conf"), "start")
	t.Cleanup(func() {
		_ = exec.Command("postfix", "-c", filepath.Join(dir, "conf"), "stop").Run()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("Postfix's log:\n%s", tail(string(log), 60))
		}
	})
	waitFor(t, p.addr)
	return p
}

func (p *postfix) mainCF(opts postfixOptions) string {
	var b strings.Builder
	set := map[string]string{
		"compatibility_level":                 "3.6",
		"queue_directory":                     filepath.Join(p.dir, "queue"),
		"data_directory":                      filepath.Join(p.dir, "data"),
		"maillog_file":                        filepath.Join(p.dir, "log"),
		"maillog_file_prefixes":               p.dir,
		"myhostname":                          "mx.test",
		"mydestination":                       "",
		"mynetworks":                          "127.0.0.0/8",
		"inet_interfaces":                     "loopback-only",
		"inet_protocols":                      "ipv4",
		"alias_maps":                          "",
		"local_recipient_maps":                "",
		"default_transport":                   "smtp:[" + host(opts.nextHop) + "]:" + port(opts.nextHop),
		"relay_transport":                     "smtp:[" + host(opts.nextHop) + "]:" + port(opts.nextHop),
		"smtp_tls_security_level":             "none",
		"smtpd_tls_security_level":            "none",
		"disable_dns_lookups":                 "yes",
		"smtp_host_lookup":                    "native",
		"message_size_limit":                  "67108864",
		"smtpd_client_connection_count_limit": "0",
	}
	for k, v := range opts.main {
		set[k] = v
	}
	for k, v := range set {
		fmt.Fprintf(&b, "%s = %s\n", k, v)
	}
	return b.String()
}

func (p *postfix) masterCF(opts postfixOptions) string {
	return p.addr + " inet n - n - - smtpd\n" + options(opts.smtpd) + opts.more + `
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
`
}

func options(list []string) string {
	var b strings.Builder
	for _, o := range list {
		b.WriteString("  -o " + o + "\n")
	}
	return b.String()
}

// held returns how many messages are in the hold queue.
func (p *postfix) held(t *testing.T) int {
	t.Helper()
	files := 0
	_ = filepath.Walk(filepath.Join(p.dir, "queue", "hold"), func(_ string, i os.FileInfo, err error) error {
		if err == nil && i.Mode().IsRegular() {
			files++
		}
		return nil
	})
	return files
}

// settle waits until no mail is on its way.
func (p *postfix) settle(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		busy := false
		for _, q := range []string{"incoming", "active", "maildrop"} {
			entries, _ := os.ReadDir(filepath.Join(p.dir, "queue", q))
			busy = busy || len(entries) > 0
		}
		if !busy {
			return
		}
	}
}
