package settings

import (
	"errors"
	"fmt"
	"net/netip"
)

// Addresses is a key that names one address or a list of them.
type Addresses []string

// UnmarshalTOML implements toml.Unmarshaler.
func (a *Addresses) UnmarshalTOML(v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	*a = nil
	for _, each := range list {
		s, ok := each.(string)
		if !ok {
			return errors.New("an address must be a string")
		}
		*a = append(*a, s)
	}
	return nil
}

// Networks reads networks, "192.0.2.0/24", or addresses, for networks of one.
func Networks(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return nil, fmt.Errorf("%q is no network", s)
			}
			addr = addr.Unmap()
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}
