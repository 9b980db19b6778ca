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

func (c *planCache) size() (operations, steps int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.known), c.steps
}

// A plan is made once, and lives as long as its document.
func TestPlansAreForgottenWithTheirDocuments(t *testing.T) {
	t.Parallel()
	var p planCache
	for i := range 10 {
		op := operation(t, fmt.Sprintf("query Q%d { contents { nodes { id } } }", i))
		if made := p.of(op); made == nil || p.of(op) != made {
			t.Error("each request makes a plan of its own")
		}
	}
	kept := operation(t, "{ users { nodes { id displayName } } log { head } }")
	p.of(kept)
	operations, steps := 0, 0
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if operations, steps = p.size(); operations == 1 {
			break
		}
		runtime.GC()
	}
	if operations != 1 || steps != 5 {
		t.Errorf("%d operations with %d steps are cached, want one with 5", operations, steps)
	}
	runtime.KeepAlive(kept)
}

// The plans of any number of documents together have a bounded size.
func TestPlansTogetherAreBounded(t *testing.T) {
	t.Parallel()
	var p planCache
	var held []*graphql.OperationContext
	for i := range 300 {
		op := operation(t, fmt.Sprintf(`query Q%d { events { nodes { id position type streamId subject { id ... on Content { author { id } } } } } }`, i))
		held = append(held, op)
		p.of(op)
	}
	if operations, steps := p.size(); steps > maxCachedSteps || steps == 0 || operations > len(held) {
		t.Errorf("%d steps are cached for %d operations", steps, operations)
	}
	if p.of(operation(t, "{ events { nodes { subject { "+nested(10)+" } } } }")) != nil {
		t.Error("a document with more than maxSteps fields has a plan")
	}
	runtime.KeepAlive(held)
}

// nested selects twice as many fields with each level.
func nested(levels int) string {
	if levels == 0 {
		return "id"
	}
	return fmt.Sprintf("... on Slide { a%d: presentation { %s } b%[1]d: presentation { id %[2]s } }", levels, "slides { "+nested(levels-1)+" }")
}
