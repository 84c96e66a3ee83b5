//go:build cgo && linux

package yara

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

// trim gives what freed rules held back to the system: glibc keeps it, and a reload
// would leave the process larger than it was.
func trim() { C.trim() }
