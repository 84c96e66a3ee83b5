package settings

// Rules is the section [rules].
type Rules struct {
	Bundled   bool
	Yara      []string // files and folders
	Hashes    []string
	Passwords []string // tried on what is encrypted, beside those that a message names
}
