package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/time/rate"

	"flightdeck/graph/errorcode"
)

// tooMany is the error of a client that has too many of something at the same time.
func tooMany(limit string, most int, advice string) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    fmt.Sprintf("the limit of %s of one address is %d at the same time: %s", limit, most, advice),
		Extensions: map[string]any{"code": errorcode.RateLimited, "limit": limit, "max": most},
	}
}

// enter counts a query or a mutation of the client that asks for it. leave is nil when
// there are too many.
func (s *Server) enter(ctx context.Context) (leave func()) {
	return s.clients.enter(clientOf(ctx).household(), s.config.Limits.Operations, operationsOf)
}

// enterConnection counts a websocket or event stream of the client that asks for one, or answers that
// there are too many.
func (s *Server) enterConnection(w http.ResponseWriter, r *http.Request) (leave func()) {
	most := s.config.Limits.Connections
	if leave = s.clients.enter(clientOf(r.Context()).household(), most, connectionsOf); leave == nil {
		writeErrors(w, mediaJSON, http.StatusTooManyRequests, gqlerror.List{tooMany("connections", most, "close some")})
	}
	return leave
}

// triers is of how many addresses and actors the tries are remembered. Who was not
// heard of for longest is forgotten first.
const triers = 100_000

// tries counts how often fields were executed, by address and by actor.
type tries struct {
	most map[string]int // a minute, by field
	mu   sync.Mutex     // guards left, from looking a trier up to adding it
	left *lru.Cache[trier, *rate.Limiter]
}

// trier is an address or an actor, and the field that it tries.
type trier struct {
	field   string
	address netip.Addr
	actor   string
}

func newTries(most map[string]int) *tries {
	left, err := lru.New[trier, *rate.Limiter](triers)
	if err != nil {
		panic(err) // the size is positive
	}
	return &tries{most: most, left: left}
}

// aroundRootField counts the execution of a field, or refuses it.
func (s *Server) aroundRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	most := s.tries.most[field.Name]
	if most <= 0 || field.ObjectDefinition == nil || field.ObjectDefinition.Name != "Mutation" {
		return next(ctx)
	}
	who := []trier{{field: field.Name, address: clientOf(ctx).household()}}
	if s.config.Actor != nil {
		if actor := s.config.Actor(ctx); actor != "" {
			who = append(who, trier{field: field.Name, actor: actor})
		}
	}
	if wait := s.tries.take(who, most, s.config.Clock()); wait > 0 {
		refused := tooOften(field.Name, most, wait)
		refused.Path = ast.Path{ast.PathName(field.Alias)}
		graphql.AddError(ctx, refused)
		return graphql.Null
	}
	return next(ctx)
}

// take counts one try of each of who, or returns how long to wait for it. A try that
// is refused does not make the wait longer.
func (t *tries) take(who []trier, most int, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := make([]*rate.Reservation, 0, len(who))
	for _, one := range who {
		left, ok := t.left.Get(one)
		if !ok {
			left = rate.NewLimiter(rate.Limit(float64(most)/60), most)
			t.left.Add(one, left)
		}
		r := left.ReserveN(now, 1)
		taken = append(taken, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait > 0 {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	return wait
}

func tooOften(field string, most int, wait time.Duration) *gqlerror.Error {
	seconds := int(math.Ceil(wait.Seconds()))
	return &gqlerror.Error{
		Message: fmt.Sprintf("the limit of %s is %d a minute: try again in %d s", field, most, seconds),
		Extensions: map[string]any{
			"code": errorcode.RateLimited, "limit": field, "max": most, "retryAfter": seconds,
		},
	}
}
