//go:build cgo && !linux

package yara

func trim() {}
