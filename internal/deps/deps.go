// Package deps holds the test that the architecture is: which package may
// import which.
package deps
