package scanner

import (
	"context"
	"crypto"
	"testing"
)

func TestSum(t *testing.T) {
	s := newScanner(t, Config{Engines: []Engine{engineFunc(func(_ context.Context, o *Object) ([]Finding, error) {
		for _, h := range []crypto.Hash{crypto.MD5, crypto.SHA1, crypto.SHA256} {
			if _, err := o.Sum(h); err != nil {
				t.Error(h, err)
			}
		}
		if _, err := o.Sum(crypto.SHA512); err == nil {
			t.Error("SHA-512: no error")
		}
		return nil, nil
	})}})
	o := object(t, scanString(t, s, "Subject: x\r\n\r\nabc"), "1")
	if o.MD5.String() != "900150983cd24fb0d6963f7d28e17f72" || o.SHA1.String() != "a9993e364706816aba3e25717850c26c9cd0d89d" {
		t.Errorf("md5 %v, sha1 %v", o.MD5, o.SHA1)
	}
}
