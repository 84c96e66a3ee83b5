//go:build race

package mime

// The race detector has pools drop what they are given.
const raced = true
