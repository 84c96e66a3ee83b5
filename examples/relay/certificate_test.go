package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writePair writes a self-signed certificate with the serial number, and its key.
func writePair(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(serial)}, &x509.Certificate{SerialNumber: big.NewInt(serial)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stamp := time.Unix(1e9+serial, 0)
	if err := os.Chtimes(certFile, stamp, stamp); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}

func TestCertificateIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, 1)
	var log bytes.Buffer
	c, err := loadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		cert, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return cert.Leaf.SerialNumber.Int64()
	}
	writePair(t, dir, 2)
	if got := serial(); got != 1 {
		t.Errorf("looked at too soon: %d", got)
	}
	c.looked = time.Time{}
	if got := serial(); got != 2 {
		t.Errorf("not read anew: %d", got)
	}
	writePair(t, dir, 3)
	os.WriteFile(keyFile, []byte("broken"), 0o600)
	c.looked = time.Time{}
	if got := serial(); got != 2 || log.Len() == 0 {
		t.Errorf("with a broken key: %d, log %q", got, log.String())
	}
	if _, err := loadCertificate(certFile, keyFile, nil); err == nil {
		t.Error("began with a broken key")
	}
}
