package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// isMaildirTmp says whether dir is the tmp of a Maildir: what is in it is not
// delivered yet, and is delivered by a move to new, where it is scanned.
func isMaildirTmp(dir string) bool {
	dir, ok := absolute(dir)
	return ok && filepath.Base(dir) == "tmp" && isMaildir(filepath.Dir(dir))
}

// isMaildirFile says whether path is a message of a Maildir.
func isMaildirFile(path string) bool {
	dir, ok := absolute(filepath.Dir(path))
	base := filepath.Base(dir)
	return ok && (base == "cur" || base == "new") && isMaildir(filepath.Dir(dir))
}

func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if info, err := os.Lstat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// absolute makes "." in a Maildir's cur show where it is.
func absolute(path string) (string, bool) {
	abs, err := filepath.Abs(path)
	return abs, err == nil
}

// mailExtensions are those of files that mail programs open as messages.
var mailExtensions = []string{".eml", ".emlx", ".mht", ".mhtml", ".mbox", ".mbx", ".mbs", ".nws"}

// isMailName says whether a file's name makes mail programs open it as mail.
func isMailName(path string) bool {
	return slices.Contains(mailExtensions, strings.ToLower(filepath.Ext(path)))
}
