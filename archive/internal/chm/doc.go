// Package chm reads compiled help, known from M. Russotto's description.
package chm
