// Package bench measures the scanner against the floor, which is the work that
// cannot be left out, and against the scanner that is quickly written. README.md
// says what is measured and how to read it.
package bench
