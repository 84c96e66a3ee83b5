// Package scanner finds malicious attachments in a message while it arrives,
// and says what to answer to the client that sends it.
package scanner
