package archive

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestOpenUnknownFormat(t *testing.T) {
	_, err := Open("nil", strings.NewReader(""), 0, Limits{})
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("err = %v", err)
	}
}

func TestOpenNotThisFormat(t *testing.T) {
	data := bytes.Repeat([]byte("nothing of that kind "), 100)
	for _, f := range formats {
		_, err := Open(Format(f.Name), bytes.NewReader(data), int64(len(data)), Limits{})
		if !errors.Is(err, ErrFormat) || errors.Is(err, ErrMalformed) {
			t.Errorf("%s: err = %v, want ErrFormat", f.Name, err)
		}
		if !strings.HasPrefix(err.Error(), "archive: "+f.Name+": ") {
			t.Errorf("%s: err = %q", f.Name, err)
		}
	}
}

func TestNegativeLimit(t *testing.T) {
	for _, l := range []Limits{{Members: -1}, {NameBytes: -1}, {Dictionary: -1}} {
		if _, err := Open(Zip, strings.NewReader(""), 0, l); err == nil || errors.Is(err, ErrFormat) {
			t.Errorf("%+v: err = %v", l, err)
		}
	}
}
