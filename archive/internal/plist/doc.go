// Package plist reads Apple's binary property lists, as CFBinaryPList.c of CoreFoundation
// describes them: objects, a table of their offsets, and a trailer that says where the
// table is. Safari's web archives and much of what Mail keeps are such lists.
//
// Data, and strings of some length, are members, whether or not the top object leads to
// them. The key under which a dictionary has one is its name; a web archive's resource is
// named by its address too.
package plist
