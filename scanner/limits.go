package scanner

import (
	"fmt"
	"reflect"
	"time"

	"github.com/fivefifty/fivefifty/internal/budget"
)

// DefaultLimits returns the limits that stand for the zero values of Limits.
func DefaultLimits() Limits {
	return Limits{
		MessageBytes: 64 << 20,
		ObjectBytes:  100 << 20,
		TotalBytes:   400 << 20,
		Work:         1 << 30,
		Ratio:        1000,
		Depth:        17,
		Objects:      10_000,
		Entities:     1024,
		HeaderBytes:  256 << 10,
		Time:         30 * time.Second,
		MemoryBytes:  32 << 20,
		Dictionary:   64 << 20,
		KeyWork:      16 << 20,
	}
}

func (l Limits) withDefaults() (Limits, error) {
	got := reflect.ValueOf(&l).Elem()
	def := reflect.ValueOf(DefaultLimits())
	for i := range got.NumField() {
		switch v := got.Field(i); {
		case v.Int() < 0:
			return l, fmt.Errorf("scanner: Config.Limits.%s is negative", got.Type().Field(i).Name)
		case v.Int() == 0:
			v.Set(def.Field(i))
		}
	}
	return l, nil
}

func (l Limits) budget() budget.Limits {
	return budget.Limits{
		ObjectBytes: l.ObjectBytes,
		TotalBytes:  l.TotalBytes,
		Work:        l.Work,
		Ratio:       l.Ratio,
		Depth:       l.Depth,
		Objects:     l.Objects,
		Time:        l.Time,
	}
}
