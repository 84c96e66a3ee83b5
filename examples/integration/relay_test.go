//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The relay stands before Postfix's queue: its refusal is the client's, and when it
// is down nothing passes.
func TestPostfixProxyFilter(t *testing.T) {
	relayAddr, behind := freeAddr(t), freeAddr(t)
	next := startSink(t)
	config := fmt.Sprintf("listen = %q\nupstream = %q\nupstream_tls = \"off\"\n[limits]\nconnections_client = 100\n", relayAddr, behind)
	p := start(t, "relay", config, relayAddr)
	mta := startPostfix(t, postfixOptions{
		nextHop: next.Addr(),
		smtpd:   []string{"smtpd_proxy_filter=" + relayAddr, "smtpd_proxy_options=speed_adjust"},
		more: behind + " inet n - n - - smtpd\n" + options([]string{
			"smtpd_proxy_filter=", "smtpd_authorized_xforward_hosts=127.0.0.0/8", "smtpd_recipient_restrictions=permit_mynetworks,reject",
		}),
	})
	waitFor(t, behind)
	if got := send(t, mta.addr, "clean one", "hello"); got != "250" {
		t.Errorf("clean: %s", got)
	}
	if !next.has("clean one", 10*time.Second) {
		t.Error("clean mail did not arrive")
	}
	if got := send(t, mta.addr, "infected one", eicar); got != virusReply {
		t.Errorf("infected: %s", got)
	}
	p.stop()
	if got := send(t, mta.addr, "without", "hello"); !strings.HasPrefix(got, "451 4.3.0") {
		t.Errorf("without the relay: %s", got)
	}
	mta.settle(t)
	if next.has("infected one", 0) || next.has("without", 0) {
		t.Error("mail arrived that must not")
	}
}
