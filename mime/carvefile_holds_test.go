package mime

import "testing"

func TestHoldsFile(t *testing.T) {
	for text, want := range map[string]bool{
		"begin 644 a.com\n": true,
		"#!/bin/sh\nuudecode <<'EOF'\nbegin 755 a.com\n":                  true,
		"text\r\n> > begin 644 a.com\r\n":                                 true,
		"text\r  begin 644 a.com":                                         true,
		"begin-base64 644 a.com\n":                                        true,
		"a\n=ybegin line=128 size=3 name=a.com\n":                         true,
		"(This file must be converted with BinHex 4.0)\n":                 true,
		"x\n-----BEGIN CERTIFICATE-----\n":                                true,
		"":                                                                false,
		"begin":                                                           false,
		"We begin 644 times\n":                                            false,
		"begin\n  begin\n  x := 1;\nend\n":                                false,
		"begin 644 \n":                                                    false,
		"x-----BEGIN CERTIFICATE-----\n":                                  false,
		"-----BEGIN CERTIFICATE-----\r\nUEsDBBQ":                          true,
		"-----BEGIN PKCS7-----\nMIIC":                                     true,
		"-----BEGIN CERTIFICATE-----\r\nMIIC":                             false,
		"-----BEGIN CERTIFICATE-----\nMIIC\n-----BEGIN X-----\nUEsD":      true,
		"-----BEGIN PGP MESSAGE-----\n\nhQEM":                             false,
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA": false,
		"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n":                false,
		"begin begin begin begin 999 a\nbegin 64 a\n=ybegin\n(This file must go)\n": false,
	} {
		if got := HoldsFile([]byte(text)); got != want {
			t.Errorf("HoldsFile(%q) = %v", text, got)
		}
	}
}
