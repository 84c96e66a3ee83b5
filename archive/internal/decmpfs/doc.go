// Package decmpfs decodes the files that Apple's systems compress, on HFS Plus and on APFS:
// content in an extended attribute, or in blocks in the resource fork. It has no
// specification; the fields are those of Apple's kernel and of 7-Zip.
package decmpfs
