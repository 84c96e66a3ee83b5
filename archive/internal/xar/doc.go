// Package xar reads xar archives, in which Apple's installer packages are.
package xar
