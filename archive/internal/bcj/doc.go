// Package bcj undoes the filters that xz and 7z apply before compression: branch, call
// and jump instructions of machine code with addresses made absolute, and tables with
// differences (The .xz File Format 1.2.1, section 5.3; the 7-Zip SDK).
package bcj
