package operator

import (
	"bytes"
	"encoding/json"
	"io"
)

// The fields that the recorded questions ask for: all that do not depend on the machine.
const (
	contentFields = `id version title slug description content format status html author { id displayName } tags createdAt updatedAt publishedAt`
	shortFields   = `id version title slug status tags updatedAt author { displayName }`
	slideFields   = `id title content notes order`
	deckFields    = `id version title description theme isPublic createdAt updatedAt markdown author { id displayName } slides { ` + slideFields + ` }`
	userFields    = `id version displayName forgotten email role createdAt lastLoginAt`
	pageFields    = `totalCount position pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`
	eventFields   = `__typename id position streamId streamVersion type recordedAt actor { id displayName } correlationId causationId data subject { __typename id }`
)

// question is a document, with $at for the moment where it can be asked of several.
type question struct {
	document  string
	variables object
}

// timeless questions are asked of now alone.
func (r *recorder) timeless() []question {
	return []question{
		{`{ viewer { ` + userFields + ` } }`, nil},
		{`{ log { head recordedAt lineage size { events archivedEvents streams } } }`, nil},
		{`{ apiKeys { id name user { id displayName } createdBy { id displayName } createdAt expiresAt revokedBy { id } revokedAt } }`, nil},
		{`{ events(first: 40) { ` + pageFields + ` nodes { ` + eventFields + ` } } }`, nil},
		{`{ events(last: 60) { nodes { ` + eventFields + ` ... on ContentUpdated { changes } } } }`, nil},
		{`{ events(first: 50, filter: { kinds: [PRESENTATION] }) { totalCount nodes { position type data } } }`, nil},
		{`query($by: ID!) { events(first: 30, filter: { types: ["ContentDeleted", "ContentRestored", "UserForgotten", "UserUpdated"], actorIds: [$by] }) { nodes { position type streamId } } }`,
			object{"by": r.ids["machine EDITOR"]}},
		{`query($id: ID!) { content(id: $id) { history(last: 5) { ` + pageFields + ` nodes { ` + eventFields + ` } } revision(version: 77) { ` + contentFields + ` } diff(from: 50, to: 150) { from to changes { path before after patch } } } }`,
			object{"id": r.ids["long"]}},
		{`query($id: ID!) { presentation(id: $id) { history(first: 20) { nodes { ` + eventFields + ` } } revision(version: 3) { ` + deckFields + ` } diff(from: 1) { changes { path before after patch } } } }`,
			object{"id": r.ids["deck 2"]}},
		{`{ contents(first: 3, asOf: "999999") { totalCount } }`, nil},
		{`{ content(id: "content-0199d2f4-0000-7000-8000-000000000000") { id } }`, nil},
	}
}

// timely questions are asked of now and of every recorded moment.
func (r *recorder) timely() []question {
	ids := []string{}
	for _, name := range []string{"content 0", "content 3", "content 15", "content 17", "content 20", "content 22", "by felix", "deck 1", "deck 3", "deck 4", "deck 5", "deck 0 slide", "frank", "vera", "machine AUTHOR"} {
		ids = append(ids, r.ids[name])
	}
	return []question{
		{`query($at: AsOf) { contents(first: 12, asOf: $at) { ` + pageFields + ` nodes { ` + contentFields + ` } } }`, nil},
		{`query($at: AsOf) { contents(last: 8, orderBy: { field: UPDATED_AT, direction: ASC }, asOf: $at) { totalCount edges { cursor node { ` + shortFields + ` } } } }`, nil},
		{`query($at: AsOf) { contents(first: 8, orderBy: { field: TITLE, direction: ASC }, filter: { tagsAny: ["tag1", "changed"], status: [PUBLISHED, DRAFT] }, asOf: $at) { totalCount nodes { ` + shortFields + ` } } }`, nil},
		{`query($at: AsOf) { contents(first: 8, orderBy: { field: PUBLISHED_AT }, filter: { tagsAll: ["tag0", "even0"] }, asOf: $at) { totalCount nodes { ` + shortFields + ` publishedAt } } }`, nil},
		{`query($at: AsOf) { contents(first: 6, search: "flight ägyp*", asOf: $at) { totalCount nodes { id title } } }`, nil},
		{`query($at: AsOf) { tags(first: 20, asOf: $at) { ` + pageFields + ` nodes { name count } } contentBySlug(slug: "the-long-one", asOf: $at) { version title content } }`, nil},
		{`query($at: AsOf) { presentations(first: 4, asOf: $at) { ` + pageFields + ` nodes { ` + deckFields + ` } } }`, nil},
		{`query($at: AsOf) { presentations(first: 6, search: "landing", orderBy: { field: TITLE, direction: ASC }, asOf: $at) { totalCount nodes { id title isPublic slides { title order } } } }`, nil},
		{`query($at: AsOf, $ids: [ID!]!) { nodes(ids: $ids, asOf: $at) { __typename id ... on Content { version title status } ... on Presentation { version title slides { title } } ... on Slide { order presentation { id } } ... on User { displayName forgotten } } }`,
			object{"ids": ids}},
		{`query($at: AsOf) { users(first: 20, asOf: $at) { totalCount nodes { ` + userFields + ` } } }`, nil},
	}
}

// record asks every question in every role and writes a line for each.
func (r *recorder) record(w io.Writer) {
	for _, as := range []string{"VISITOR", "VIEWER", "AUTHOR", "EDITOR", "ADMIN"} {
		for _, q := range r.timeless() {
			r.line(w, as, q.document, q.variables)
		}
		for _, q := range r.timely() {
			for _, m := range append([]moment{{name: "now"}}, r.moments...) {
				variables := object{}
				for name, value := range q.variables {
					variables[name] = value
				}
				if m.asOf != "" {
					variables["at"] = m.asOf
				}
				r.line(w, as, q.document, variables)
			}
		}
		r.pages(w, as)
	}
	r.line(w, "AUTHOR", `mutation($input: CreateContentInput!) { createContent(input: $input) { content { `+contentFields+` } position errors { message } } }`, object{"input": sentTwice})
	r.line(w, "AUTHOR", `mutation($input: ApplyBatchInput!) { applyBatch(input: $input) { results { id slideId node { __typename id } } events { position type } position errors { message } } }`,
		object{"input": batchSentTwice})
}

// pages follows the cursors of a list as of then, whose answers lead to the next question.
func (r *recorder) pages(w io.Writer, as string) {
	var after any
	for range 3 {
		raw := r.line(w, as, `query($after: String, $at: AsOf) { contents(first: 5, after: $after, asOf: $at) { position pageInfo { endCursor hasNextPage } nodes { id title } } }`,
			object{"after": after, "at": r.moments[1].asOf})
		var answer struct {
			Data struct {
				Contents struct{ PageInfo struct{ EndCursor string } }
			}
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			r.t.Fatalf("%v: %s", err, raw)
		}
		after = answer.Data.Contents.PageInfo.EndCursor
	}
}

// line asks one question and writes its line.
func (r *recorder) line(w io.Writer, as, document string, variables object) []byte {
	r.t.Helper()
	body := object{"query": document}
	if len(variables) > 0 {
		body["variables"] = variables
	}
	request, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	status, answer := r.post(r.tokens[as], request)
	line := new(bytes.Buffer)
	enc := json.NewEncoder(line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(exchange{as, request, status, answer}); err != nil {
		r.t.Fatalf("%v: %s", err, answer)
	}
	var back exchange
	if err := json.Unmarshal(line.Bytes(), &back); err != nil || !bytes.Equal(back.Answer, answer) || !bytes.Equal(back.Request, request) {
		r.t.Fatalf("a line does not keep every byte of %s (%v)", answer, err)
	}
	if status != 200 {
		r.t.Fatalf("status %d to %s: %s", status, request, answer)
	}
	if _, err := w.Write(line.Bytes()); err != nil {
		r.t.Fatal(err)
	}
	return answer
}
