// Package magic knows the first bytes of what is worth hiding: programs, containers,
// documents.
package magic
