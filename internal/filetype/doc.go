// Package filetype tells the true type of an object from its content.
package filetype
