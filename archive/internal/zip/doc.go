// Package zip reads zip files (APPNOTE.TXT 6.3.10, Info-ZIP's extrafld.txt) in every
// way in which some reader does.
//
// A zip file says everything twice, in local headers and in a directory, and readers
// differ in which they believe. So all end records and directories are read, local
// headers are sought in what no directory lists, and where two headers of a member
// differ, each reading is a member.
package zip
