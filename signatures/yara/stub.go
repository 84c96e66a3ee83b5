//go:build !cgo

package yara

// newLocal returns ErrUnavailable: this build has no cgo.
func newLocal(Config) (matcher, []Warning, error) { return nil, nil, ErrUnavailable }

// localOf returns ErrUnavailable too.
func localOf(Config, []*unit) (matcher, []Warning, error) { return nil, nil, ErrUnavailable }
