// Package limit bounds the requests of clients. It computes on its arguments alone: package web
// decides when each check runs, and how a refusal is answered.
//
// Documents are counted before validation (document.go), operations are weighed before they run
// (complexity.go), and clients are counted while they are served (inflight.go, attempts.go).
// Package budget counts the cost of operations while they run.
//
// Start with Limits.
package limit

import (
	"fmt"
	"time"

	"flightdeck/budget"
	"flightdeck/graph/errorcode"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits bound each request and each client. They are far above the needs of an ordinary client.
// Zero is no limit. The tags belong to the command line and hold the defaults.
//
// The limits of documents count the text: a fragment counts once, however often it is spread.
// Complexity bounds the product.
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

	// Time bounds queries and mutations; subscriptions have no end.
	Time time.Duration `default:"30s" help:"How long a query or a mutation may take."`
	// Rows, Bytes and Reading are the budget of a query or a mutation: see package budget. Each
	// step of a subscription has one of its own.
	Rows    int           `default:"2000000" help:"Rows that an operation reads or counts."`
	Bytes   int           `default:"50331648" help:"Bytes of texts that an operation reads, renders, compares and answers."`
	Reading time.Duration `default:"1m" help:"How long the statements of an operation may run, all of them together."`

	// Operations, Connections and Subscriptions are counted by the client's address, in IPv6 by its
	// first 64 bits.
	Operations    int `default:"1000" help:"Queries and mutations of one address at the same time."`
	Connections   int `default:"1000" help:"Websockets and event streams of one address at the same time."`
	Subscriptions int `default:"5000" help:"Subscriptions of one address at the same time."`
}

// Budget returns the budget of an operation.
func (l Limits) Budget() budget.Limits {
	return budget.Limits{Rows: l.Rows, Bytes: l.Bytes, Reading: l.Reading}
}

// exceeded returns the error of a request that exceeds a limit. advice tells the client how to stay
// within it.
func exceeded(limit string, most, actual int, at *ast.Position, advice string) *gqlerror.Error {
	err := &gqlerror.Error{
		Message:    fmt.Sprintf("the limit of %s is %d, and this request has %d: %s", limit, most, actual, advice),
		Extensions: map[string]any{"code": errorcode.LimitExceeded, "limit": limit, "max": most, "actual": actual},
	}
	if at != nil {
		err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return err
}

// TimedOut returns the error of an operation that took longer than most.
func TimedOut(most time.Duration) *gqlerror.Error {
	return &gqlerror.Error{
		Message: fmt.Sprintf("the limit of time is %v, and the operation took longer: ask for less; "+
			"the outcome of a mutation is unknown, so send it again with the same idempotencyKey", most),
		Extensions: map[string]any{"code": errorcode.TimedOut, "limit": "time", "max": most.Seconds()},
	}
}
