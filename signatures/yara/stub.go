//go:build !cgo

package yara

// localOf returns ErrUnavailable: this build has no cgo.
func localOf(Config, []*unit) (matcher, []Warning, error) { return nil, nil, ErrUnavailable }
