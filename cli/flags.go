package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// byteSize is an amount of memory.
type byteSize int

// UnmarshalText parses an amount such as 16MiB.
func (b *byteSize) UnmarshalText(text []byte) error {
	s, unit := string(text), 1
	for i, suffix := range []string{"KiB", "MiB", "GiB"} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = number, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is no amount of memory: write 16MiB, 512KiB, or 0 for none", text)
	}
	*b = byteSize(n) * byteSize(unit)
	return nil
}

// age is a duration that may be given in days.
type age time.Duration

// UnmarshalText parses a number of days such as 90d, or a duration of time.ParseDuration.
func (a *age) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n < math.MaxInt64/int(24*time.Hour) {
			*a = age(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	} else if d, err := time.ParseDuration(string(text)); err == nil && d >= 0 {
		*a = age(d)
		return nil
	}
	return fmt.Errorf("%q is not an age: write a number of days such as 90d, or hours such as 36h", text)
}
