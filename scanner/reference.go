package scanner

import "crypto/rand"

// crockford is the alphabet of references: no letter that is mistaken for a
// digit when it is read over the telephone.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newReference returns 60 random bits as "7K3F-9QWD-2M4C".
func newReference() string {
	var raw [12]byte
	rand.Read(raw[:]) // never fails
	out := make([]byte, 0, 14)
	for i, b := range raw {
		if i > 0 && i%4 == 0 {
			out = append(out, '-')
		}
		out = append(out, crockford[b%32])
	}
	return string(out)
}
