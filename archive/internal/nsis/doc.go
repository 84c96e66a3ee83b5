// Package nsis reads installers of the Nullsoft Scriptable Install System, known from
// its source (Source/exehead/fileform.h).
package nsis
