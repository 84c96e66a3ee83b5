// Package rar reads RAR archives of the versions 1.3 to 7, known from RAR's own
// technote.txt. Headers with a wrong checksum are used, and behind damage the search
// goes on.
package rar
