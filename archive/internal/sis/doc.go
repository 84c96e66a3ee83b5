// Package sis reads the packages of Symbian, from before version 9 and since.
package sis
