//go:build !unix

package yara

import "errors"

// Serve is for systems of the Unix kind only.
func Serve() error { return errNoWorker }

var errNoWorker = errors.New("yara: no worker process on this system")

func newWorker(Config, []*unit) (matcher, []Warning, error) { return nil, nil, errNoWorker }
