//go:build !cgo

package bench

import "testing"

// ruleSides returns none: YARA rules need cgo.
func ruleSides(testing.TB) []side { return nil }
