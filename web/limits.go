package web

import (
	"fmt"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"flightdeck/graph/errorcode"
)

// Limits bound what one request and one client may ask for. They are far above what
// an ordinary client sends. Zero is no limit. The tags are those of the command line,
// and hold the defaults.
//
// The limits of documents are counted in the text: a fragment counts once, however
// often it is spread. What that multiplies is bounded by Complexity.
type Limits struct {
	Depth        int `default:"12" help:"How deep fields may be nested in an operation; introspection has its own bound."`
	Complexity   int `default:"100000" help:"How many fields an answer may hold at most: what is below a list counts as often as first or last say, or 20 times."`
	Aliases      int `default:"30" help:"Aliases in a document."`
	RootFields   int `default:"20" help:"Fields at the top of an operation."`
	Fields       int `default:"1000" help:"Fields in a document."`
	Directives   int `default:"50" help:"Directives in a document."`
	Fragments    int `default:"100" help:"Fragments that a document may define."`
	FragmentNest int `name:"fragment-nesting" default:"15" help:"How deep fragments may be spread within fragments."`
	Tokens       int `default:"15000" help:"Lexical tokens in a document."`
	List         int `default:"1000" help:"Elements of a list in a document or in variables."`

	// Time is how long a query or a mutation may take; subscriptions are to last.
	Time time.Duration `default:"30s" help:"How long a query or a mutation may take."`
	// Operations and Connections are counted by the client's address, of IPv6 by its
	// first 64 bits.
	Operations  int `default:"1000" help:"Queries and mutations of one address at the same time."`
	Connections int `default:"1000" help:"Websockets and event streams of one address at the same time."`
}

// beyond returns the error of a request that is beyond a limit. advice says what to
// do instead.
func beyond(limit string, most, actual int, at *ast.Position, advice string) *gqlerror.Error {
	err := &gqlerror.Error{
		Message:    fmt.Sprintf("the limit of %s is %d, and this request has %d: %s", limit, most, actual, advice),
		Extensions: map[string]any{"code": errorcode.LimitExceeded, "limit": limit, "max": most, "actual": actual},
	}
	if at != nil {
		err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return err
}

// errTimedOut is the end of an operation that took too long.
func errTimedOut(most time.Duration) *gqlerror.Error {
	return &gqlerror.Error{
		Message: fmt.Sprintf("the limit of time is %v, and the operation took longer: ask for less; "+
			"the outcome of a mutation is unknown, so send it again with the same idempotencyKey", most),
		Extensions: map[string]any{"code": errorcode.TimedOut, "limit": "time", "max": most.Seconds()},
	}
}
