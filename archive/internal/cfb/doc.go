// Package cfb reads compound files ([MS-CFB]): sectors, chains of them, the directory.
// What the streams mean is for package office.
//
// A chain that is broken is guessed on, as recovery tools do, and that is noted.
package cfb
