// Package settings reads the TOML files of the example programs: one way to
// decode, to name what is unknown, and the sections that all of them share.
package settings

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/BurntSushi/toml"
)

// Decode reads text over into, a pointer to a struct: a key that is missing
// leaves what is there. Unknown keys are errors, each with name and its line.
func Decode(name string, text []byte, into any) error {
	meta, err := toml.NewDecoder(bytes.NewReader(text)).Decode(into)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var errs []error
	for _, key := range meta.Undecoded() {
		errs = append(errs, fmt.Errorf("%s:%d: unknown key %q", name, lineOf(text, key), key.String()))
	}
	return errors.Join(errs...)
}
