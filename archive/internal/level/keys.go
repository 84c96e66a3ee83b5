package level

// Keys are passwords to try on encrypted containers, and what trying may cost. A
// Keys is for one goroutine.
type Keys struct {
	// Passwords in the order in which they are tried, UTF-8. A format encodes
	// them as its own writers do.
	Passwords []string

	// Work is what is left to spend, in calls of a hash function's compression
	// or a cipher's block function; each derivation of a key takes its cost from
	// it before it begins.
	Work int64
}

// Spend takes n units of work and reports whether there was enough left.
func Spend(k *Keys, n int64) bool {
	if k == nil || n < 0 || k.Work < n {
		return false
	}
	k.Work -= n
	return true
}

// Passwords are those to try; none for a nil k.
func Passwords(k *Keys) []string {
	if k == nil {
		return nil
	}
	return k.Passwords
}
