// Package cab reads Microsoft's cabinets ([MS-CAB]) and the single files of
// COMPRESS.EXE: SZDD and KWAJ.
package cab
