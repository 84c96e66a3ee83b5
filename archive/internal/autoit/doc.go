// Package autoit reads compiled scripts of AutoIt 3: programs that Aut2Exe makes, which
// are an interpreter with the script behind it or in its resource SCRIPT, and .a3x files,
// which are the script alone. There is no specification; what is known is from the
// readers of ClamAV (libclamav/autoit.c) and AutoIt-Ripper, and from files.
//
// A script begins with a signature, "AU3!EA05" or "AU3!EA06", and 16 bytes of a password's
// digest. Behind them stand records, one for the script and one for each file that
// FileInstall names. Each is a mark ("FILE"), two strings, a header and a body, all of them
// enciphered with a stream of a generator of random numbers. The seeds are known.
package autoit
