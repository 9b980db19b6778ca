package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"flightdeck/auth"
	"flightdeck/domain"
	"flightdeck/eventstore"
	"flightdeck/graph"
	"flightdeck/readmodel"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
)

// follow returns the first n results of a subscription.
func (d *desk) follow(query string, n int) (results []object) {
	d.t.Helper()
	exec := executor.New(graph.New(graph.Config{Resolvers: d.root}))
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(as(domain.System)))
	defer cancel()
	op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		d.t.Fatal(errs)
	}
	next, ctx := exec.DispatchOperation(ctx, op)
	for range n {
		response := next(ctx)
		if len(response.Errors) > 0 {
			d.t.Fatal(response.Errors)
		}
		var data object
		if err := json.Unmarshal(response.Data, &data); err != nil {
			d.t.Fatal(err)
		}
		results = append(results, data)
	}
	return results
}

// Events whose data nobody selects are not decoded. Their other fields are the same.
func TestEventsHaveTheSameEnvelopeWithAndWithoutTheirData(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	d.contents(5)
	n := int(d.log.Head().Position)
	const envelope = `__typename id position streamId streamVersion type recordedAt actor { id } correlationId causationId subject { __typename id }`
	for _, around := range []string{
		`subscription { eventAppended(after: "0") { %s } }`,
		`subscription { eventStream(after: "0") { ...R } } fragment R on EventReceived { event { %s } }`,
		`subscription { eventStream(after: "0") { ... on EventReceived { event { ...E } } } } fragment E on Event { %s }`,
	} {
		bare := d.follow(fmt.Sprintf(around, envelope), n)
		full := d.follow(fmt.Sprintf(around, envelope+" data ... on ContentCreated { title }"), n)
		for i := range full {
			wanted := full[i]
			for _, name := range []string{"eventAppended", "eventStream"} {
				event, _ := wanted[name].(object)
				if inner, ok := event["event"].(object); ok {
					event = inner
				}
				if event != nil && (event["data"] == nil || event["title"] == "") {
					t.Errorf("%s: the data of an event is missing: %v", around, event)
				}
				delete(event, "data")
				delete(event, "title")
			}
			if !reflect.DeepEqual(bare[i], wanted) {
				t.Errorf("%s: without data %v, with data %v", around, bare[i], wanted)
			}
		}
	}
}

func TestDeliveredEventsAreDecodedOnlyForTheirData(t *testing.T) {
	t.Parallel()
	d := open(t, eventstore.Options{})
	d.contents(1)
	page, err := d.log.Read(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, withData := range []bool{true, false} {
		events, err := d.reader.Delivered(auth.WithActor(t.Context(), domain.System), domain.System, readmodel.EventFilter{}, page, withData)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for e := range events {
			if created, ok := e.(readmodel.ContentCreated); ok {
				seen++
				if decoded := created.Title != ""; decoded != withData {
					t.Errorf("with data %t: decoded is %t", withData, decoded)
				}
			}
		}
		if seen == 0 {
			t.Error("no event was delivered")
		}
	}
}
