//go:build !cgo

package yara

import (
	"context"

	"github.com/fivefifty/fivefifty/scanner"
)

// Engine cannot be made in a build without cgo: New returns ErrUnavailable.
type Engine struct{}

// New returns ErrUnavailable: this build has no cgo.
func New(Config) (*Engine, []Warning, error) { return nil, nil, ErrUnavailable }

// Name returns "yara".
func (*Engine) Name() string { return "yara" }

// Rules returns 0.
func (*Engine) Rules() int { return 0 }

// Close does nothing.
func (*Engine) Close() error { return nil }

// Inspect returns ErrUnavailable: the object was not examined.
func (*Engine) Inspect(context.Context, *scanner.Object) ([]scanner.Finding, error) {
	return nil, ErrUnavailable
}
