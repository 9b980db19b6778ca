package graph

import (
	"fmt"
	"runtime"
	"strings"
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

func (c *planCache) sizes() (operations, bytes int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.known), c.size
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
	operations, size := 0, 0
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if operations, size = p.sizes(); operations == 1 {
			break
		}
		runtime.GC()
	}
	if want := 5*stepBytes + len("users"+"nodes"+"id"+"displayName"+"log"+"head"); operations != 1 || size < want-stepBytes || size > want+stepBytes {
		t.Errorf("%d operations of %d bytes are cached, want one of about %d", operations, size, want)
	}
	runtime.KeepAlive(kept)
}

// The plans of any number of documents together have a bounded size.
func TestPlansTogetherAreBounded(t *testing.T) {
	t.Parallel()
	var p planCache
	var held []*graphql.OperationContext
	long := strings.Repeat("x", 10_000)
	for i := range 300 {
		op := operation(t, fmt.Sprintf(`query Q%d { a: users { ...F } b: users { ...F } } fragment F on UserConnection { nodes { %s: id } }`, i, long))
		held = append(held, op)
		p.of(op)
	}
	if operations, size := p.sizes(); size > maxCachedPlans || size < 300*len(long) || operations > len(held) {
		t.Errorf("%d bytes are cached for %d operations", size, operations)
	}
	if p.of(operation(t, "{ events { nodes { subject { "+nested(10)+" } } } }")) != nil {
		t.Error("a document with too many fields has a plan")
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
