// Package archivetest is for the tests of archive and its rooms: it reads containers
// and judges what came out, forges containers that several rooms use, and runs the
// programs of the field.
package archivetest
