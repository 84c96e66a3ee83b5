//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Sendmail asks the milter.
func TestSendmailMilter(t *testing.T) {
	t.Parallel()
	f := sendmailFront(t)
	f.check(t)
}

// The verdict's field is ours alone.
func TestSendmailVerdictField(t *testing.T) {
	t.Parallel()
	f := sendmailFront(t)
	p := f.start(t, "header = \"X-Virus-Scan\"\n")
	checkVerdictField(t, f, p)
}

func sendmailFront(t *testing.T) *front {
	t.Helper()
	addr := freeAddr(t)
	f := &front{box: startMailbox(t), refused: `^550 5\.7\.1 E-mail message contained a virus\.$`, down: `^(451 4\.3\.2|451 4\.7\.1|421 4\.7\.0)`}
	f.start = func(t *testing.T, more string) *program {
		return start(t, "milter", fmt.Sprintf("listen = [%q]\n%s", addr, more), addr)
	}
	f.addr = startSendmail(t, f.box.addr, "inet:"+port(addr)+"@127.0.0.1")
	return f
}

// sendmailMC is what an operator writes into sendmail.mc, and what keeps an
// instance of the test's own apart from the system's. Verbs: folder with the cf
// files, folder of the instance, port of the next hop, own port, milter.
const sendmailMC = "include(`%[1]s/m4/cf.m4')\n" +
	"OSTYPE(`linux')\n" +
	"define(`QUEUE_DIR', `%[2]s/queue')\ndefine(`confPID_FILE', `%[2]s/pid')\ndefine(`STATUS_FILE', `%[2]s/stat')\ndefine(`HELP_FILE', `%[2]s/help')\n" +
	"define(`ALIAS_FILE', `')\ndefine(`confDOMAIN_NAME', `mx.test')\ndefine(`confTO_IDENT', `0')\ndefine(`confTRUSTED_USER', `root')\n" +
	"define(`confDONT_PROBE_INTERFACES', `True')\ndefine(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,AssumeSafeChown,TrustStickyBit')\n" +
	"define(`confQUEUE_LA', `1000')\ndefine(`confREFUSE_LA', `1000')\ndefine(`confDELAY_LA', `0')\n" +
	"define(`SMART_HOST', `relay:[127.0.0.1]')\ndefine(`RELAY_MAILER_ARGS', `TCP $h %[3]s')\n" +
	"FEATURE(`nocanonify')\nFEATURE(`no_default_msa')\nFEATURE(`promiscuous_relay')\nFEATURE(`accept_unresolvable_domains')\n" +
	"DAEMON_OPTIONS(`Port=%[4]s, Addr=127.0.0.1, Name=MTA')\n" +
	"INPUT_MAIL_FILTER(`fivefifty', `S=%[5]s, F=T, T=C:5s;S:20s;R:60s;E:90s')\n" +
	"MAILER(`smtp')\n"

// startSendmail starts an instance whose only next hop is at nextHop.
func startSendmail(t *testing.T, nextHop, milter string) (addr string) {
	t.Helper()
	need(t, "m4")
	program := unpacked(t, "usr/libexec/sendmail/sendmail")
	cf, err := filepath.Abs("../../bin/servers/usr/share/sendmail/cf")
	must(t, err)
	dir := shortDir(t)
	must(t, os.Mkdir(filepath.Join(dir, "queue"), 0o700))
	addr = freeAddr(t)
	m4 := exec.Command("m4", "-D_CF_DIR_="+cf+"/")
	m4.Dir = filepath.Join(cf, "cf")
	m4.Stdin = strings.NewReader(fmt.Sprintf(sendmailMC, cf, dir, port(nextHop), port(addr), milter))
	text, err := m4.Output()
	must(t, err)
	config := filepath.Join(dir, "sendmail.cf")
	write(t, config, string(text))
	// It sleeps for a minute on a machine whose name has no dot: so it gets a name
	// of its own.
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUTS}
	if err := exec.Command("unshare", "--uts", "true").Run(); err != nil {
		skip(t, "no UTS name space can be made here")
	}
	server(t, dir, []string{"trace"}, attr, "sh", "-c", "hostname mx.test && exec "+program+" -C "+config+" -bD -q1h -X "+dir+"/trace")
	waitFor(t, addr)
	return addr
}
