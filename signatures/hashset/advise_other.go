//go:build !linux

package hashset

func (s *Set) adviseRandom()     {}
func (s *Set) adviseSequential() {}
