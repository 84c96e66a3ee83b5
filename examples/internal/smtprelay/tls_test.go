package smtprelay

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// testCertificate is self-signed, for 127.0.0.1.
func testCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func (d *dialogue) startTLS(roots *x509.CertPool) {
	d.t.Helper()
	d.say("", "220")
	d.say("EHLO client.test", "250")
	d.say("STARTTLS", "220")
	d.c = tls.Client(d.c, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	d.r = bufio.NewReader(d.c)
	d.say("EHLO client.test", "250")
	d.say("MAIL FROM:<a@client.test>", "250")
	d.say("RCPT TO:<b@server.test>", "250")
}

// TestTLSBothWays chains two relays: the second is a TLS upstream for the
// first, which verifies it.
func TestTLSBothWays(t *testing.T) {
	cert, roots := testCertificate(t)
	up := newFakeUpstream(t, nil)
	withTLS := func(o *Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} }
	_, second := startRelay(t, up.addr, withTLS)
	_, first := startRelay(t, second, func(o *Options) {
		withTLS(o)
		o.Upstream.TLS, o.Upstream.Config = TLSRequired, &tls.Config{RootCAs: roots}
	})
	for _, bdat := range []bool{false, true} {
		d := connect(t, first)
		d.startTLS(roots)
		if bdat {
			io.WriteString(d.c, "BDAT 5 LAST\r\nhello")
		} else {
			d.say("DATA", "354")
			io.WriteString(d.c, "hello\r\n.\r\n")
		}
		d.say("", "250 2.0.0 Ok: queued as FAKE")
	}
	for _, body := range up.delivered() {
		if strings.Count(body, "with ESMTPS id") != 2 || !strings.HasSuffix(body, "\r\nhello\r\n") {
			t.Errorf("delivered %q", body)
		}
	}
}

func TestTLSRequired(t *testing.T) {
	cert, _ := testCertificate(t)
	up := newFakeUpstream(t, nil)
	_, untrusted := startRelay(t, up.addr, func(o *Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
	for name, addr := range map[string]string{"not offered": up.addr, "not trusted": untrusted} {
		t.Run(name, func(t *testing.T) {
			_, addr := startRelay(t, addr, func(o *Options) { o.Upstream.TLS = TLSRequired })
			d := connect(t, addr)
			d.say("", "220")
			d.say("EHLO client.test", "250")
			d.say("MAIL FROM:<a@client.test>", "451 4.7.5 ")
		})
	}
}

// The end of a TLS session is no end of a message.
func TestClientAbortsUnderTLS(t *testing.T) {
	cert, roots := testCertificate(t)
	up := newFakeUpstream(t, nil)
	r, addr := startRelay(t, up.addr, func(o *Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
	d := connect(t, addr)
	d.startTLS(roots)
	io.WriteString(d.c, "BDAT 1000 LAST\r\nhalf")
	d.c.Close() // sends close_notify first
	eventually(t, func() bool { return r.server.Len() == 0 })
	eventually(t, func() bool { up.mu.Lock(); defer up.mu.Unlock(); return len(up.partial) == 1 })
	checkDelivered(t, up, "", false)
}
