//go:build integration

package integration

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const virusReply = "550 5.7.1 E-mail message contained a virus."

// Postfix asks the milter: infected mail is refused in the session, clean mail
// arrives, what is to be held is held, and without the milter nothing passes.
func TestPostfixMilter(t *testing.T) {
	for _, network := range []string{"inet", "unix"} {
		t.Run(network, func(t *testing.T) {
			addr := freeAddr(t)
			listen, milter := addr, "inet:"+addr
			mode := "0666"
			if network == "unix" {
				addr = filepath.Join(shortDir(t), "milter")
				listen, milter = "unix:"+addr, "unix:"+addr
			}
			config := fmt.Sprintf("listen = [%q]\nsocket_mode = %q\n[policy.unchecked]\nencrypted = \"quarantine\"\n", listen, mode)
			p := start(t, "milter", config, addr)
			next := startSink(t)
			mta := startPostfix(t, postfixOptions{nextHop: next.Addr(), main: map[string]string{
				"smtpd_milters": "{ " + milter + ", default_action=tempfail, content_timeout=20s, connect_timeout=5s, command_timeout=5s }",
			}})
			if got := send(t, mta.addr, "clean one", "hello"); got != "250" {
				t.Errorf("clean: %s", got)
			}
			if !next.has("clean one", 10*time.Second) {
				t.Error("clean mail did not arrive")
			}
			if got := send(t, mta.addr, "infected one", eicar); got != virusReply {
				t.Errorf("infected: %s", got)
			}
			if got := send(t, mta.addr, "encrypted one", pgp); got != "250" || mta.held(t) != 1 {
				t.Errorf("to be held: %s, %d held", got, mta.held(t))
			}
			p.stop()
			if got := send(t, mta.addr, "without", "hello"); !strings.HasPrefix(got, "451 4.7.1") {
				t.Errorf("without the milter: %s", got)
			}
			mta.settle(t)
			if next.has("infected one", 0) || next.has("without", 0) || next.has("encrypted one", 0) {
				t.Error("mail arrived that must not")
			}
		})
	}
}

// pgp is a text that only its recipient can read.
const pgp = "-----BEGIN PGP MESSAGE-----\r\n\r\nwcBMA0000000000AAQf+\r\n=AAAA\r\n-----END PGP MESSAGE-----"
