package cli

import (
	"math"

	"flightdeck/web/limit"
)

// limits is the flags that bound a client's requests.
type limits struct {
	limit.Limits

	Body          int64 `default:"1048576" help:"Bytes of a request. 8388608 is enough for the longest text of a content, 4 MiB, and the escapes of its JSON."`
	LogIns        int   `name:"log-ins" default:"10" help:"Executions of logIn by one address, and by one user, a minute; of changePassword, and of updateUser with an address, too."`
	Registrations int   `default:"10" help:"Executions of registerUser by one address, and by one user, a minute."`
}

// attempts returns the limits a minute for fields of Mutation.
func (l limits) attempts() map[string]int {
	return map[string]int{
		"logIn": l.LogIns, "changePassword": l.LogIns, "updateUser.email": l.LogIns, // its answer tells which addresses have an account
		"registerUser": l.Registrations,
	}
}

// body returns the limit of a request in bytes.
func (l limits) body() int64 {
	if l.Body <= 0 {
		return math.MaxInt64
	}
	return l.Body
}
