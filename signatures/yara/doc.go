// Package yara matches the objects of a message against YARA rules, through
// libyara.
package yara
