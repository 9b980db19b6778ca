package graph

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

func operation(t *testing.T, query string) *graphql.OperationContext {
	t.Helper()
	doc, err := gqlparser.LoadQueryWithRules(parsedSchema, query, rules.NewDefaultRules())
	if err != nil {
		t.Fatal(err)
	}
	return &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}
}

func (p *plans) size() (operations, steps int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.known), p.steps
}

// A plan lives as long as its document: it is made once, and gone when nobody holds the
// document any more.
func TestPlansAreForgottenWithTheirDocuments(t *testing.T) {
	t.Parallel()
	var p plans
	for i := range 10 {
		op := operation(t, fmt.Sprintf("query Q%d { viewer { id } }", i))
		if made := p.of(op); made == nil || p.of(op) != made {
			t.Error("a plan is made for each request")
		}
	}
	kept := operation(t, "{ viewer { id displayName } log { head } }")
	p.of(kept)
	operations, steps := 0, 0
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if operations, steps = p.size(); operations == 1 {
			break
		}
		runtime.GC()
	}
	if operations != 1 || steps != 5 {
		t.Errorf("%d operations with %d steps are remembered, of one with 5", operations, steps)
	}
	runtime.KeepAlive(kept)
}

// However many documents are held, what their plans hold is bounded.
func TestPlansTogetherAreBounded(t *testing.T) {
	t.Parallel()
	var p plans
	var held []*graphql.OperationContext
	for i := range 300 {
		op := operation(t, fmt.Sprintf(`query Q%d { events { nodes { id position type streamId subject { id ... on Content { history(first: 1) { nodes { id type recordedAt } } } } } } }`, i))
		held = append(held, op)
		p.of(op)
	}
	if operations, steps := p.size(); steps > maxKeptSteps || steps == 0 || operations > len(held) {
		t.Errorf("%d steps are kept", steps)
	}
	large := "{ nodes(ids: []) { " + nested(8) + " } }"
	if p.of(operation(t, large)) != nil {
		t.Error("a document that multiplies has a plan")
	}
	runtime.KeepAlive(held)
}

// nested selects twice as much with each level.
func nested(levels int) string {
	if levels == 0 {
		return "id"
	}
	return fmt.Sprintf("... on Content { a%d: revision(version: 1) { %s } b%[1]d: revision(version: 2) { id %[2]s } }", levels, nested(levels-1))
}
