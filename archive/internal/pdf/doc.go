// Package pdf reads PDF documents (ISO 32000): every object in the file or in an
// object stream, whatever the cross reference table says.
//
// Embedded files, scripts, XFA and 3D data are members; the decoded bytes of all other
// streams are one more.
package pdf
