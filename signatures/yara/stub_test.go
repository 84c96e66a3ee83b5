//go:build !cgo

package yara

import (
	"context"
	"errors"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

var _ scanner.Engine = (*Engine)(nil)

func TestUnavailable(t *testing.T) {
	if e, _, err := New(Config{}); e != nil || !errors.Is(err, ErrUnavailable) {
		t.Errorf("New: %v, %v", e, err)
	}
	var e Engine
	if _, err := e.Inspect(context.Background(), &scanner.Object{}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Inspect: %v", err)
	}
}
