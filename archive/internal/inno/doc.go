// Package inno reads installers that Inno Setup makes, known from its source
// (Projects/Src/Shared.Struct.pas, Compression.Base.pas and Setup.FileExtractor.pas of
// github.com/jrsoftware/issrc) and, for versions before those that are there, from what
// innoextract reads.
//
// What makes an installer is found by what its parts begin with, wherever they stand: the
// loader's table of offsets is a hint and no more. The layouts of records, which differ
// by version, are tried on what is there.
package inno
