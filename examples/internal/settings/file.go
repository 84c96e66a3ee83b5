package settings

import (
	"fmt"
	"os"
)

// File reads a program's configuration: the embedded default, which is called
// default.toml, and over it the file called name unless that is "".
func File(name string, def []byte, into interface{ Check() error }) error {
	if err := Decode("default.toml", def, into); err != nil {
		return err
	}
	if name == "" {
		return into.Check()
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := Decode(name, text, into); err != nil {
		return err
	}
	if err := into.Check(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
