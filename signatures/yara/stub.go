//go:build !cgo

package yara

// newLocal returns ErrUnavailable: this build has no cgo.
func newLocal(Config) (matcher, []Warning, error) { return nil, nil, ErrUnavailable }
