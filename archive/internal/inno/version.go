package inno

// version is what an identification says, 5.5.7 as 5_05_07; 0 if it says nothing.
type version int

func versionOf(major, minor, patch int) version { return version(major*10000 + minor*100 + patch) }

// parseVersion reads the largest version that an identification has: modifications have
// their own beside that of Inno Setup.
func parseVersion(id []byte) (v version) {
	for i, c := range id {
		if c == '(' || i == 0 && c == 'i' {
			v = max(v, numbers(id[i+1:]))
		}
	}
	return v
}

// numbers reads three numbers with points between, 0 if they are not there.
func numbers(b []byte) version {
	var n [3]int
	for part := range n {
		digits := 0
		for len(b) > 0 && b[0] >= '0' && b[0] <= '9' && digits < 2 {
			n[part] = 10*n[part] + int(b[0]-'0')
			b = b[1:]
			digits++
		}
		if digits == 0 || part < 2 && (len(b) == 0 || b[0] != '.') {
			return 0
		}
		b = b[min(1, len(b)):]
	}
	return versionOf(n[0], n[1], n[2])
}
