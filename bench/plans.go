package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// planRounds is the number of rounds for each query. Both servers are measured in each round.
	planRounds = 21
	// planSpan is the length of one measurement. It is short, so that both servers of a round find
	// the machine in the same state.
	planSpan = 300 * time.Millisecond
	// planConnections is small, so that slow queries do not run long beyond planSpan.
	planConnections = 8
)

// planQuery is a query that is measured with and without plans.
type planQuery struct {
	name string
	ask  func(i int) []byte
}

// planQueries returns the read axes.
func planQueries(w world) []planQuery {
	fixed := func(query string, variables map[string]any) func(int) []byte {
		body := request(query, variables)
		return func(int) []byte { return body }
	}
	each := func(query string) func(int) []byte {
		return func(i int) []byte { return request(query, map[string]any{"id": w.ids[i%len(w.ids)]}) }
	}
	return []planQuery{
		{"content by id", each(readQuery)},
		{"one field of a content", each(`query($id: ID!) { content(id: $id) { title } }`)},
		{"content with ten events of its history", each(`query($id: ID!) { content(id: $id) { id title history(first: 10) { nodes { id type recordedAt actor { displayName } } } } }`)},
		{"viewer and end of the log", fixed(`{ viewer { id displayName } log { head lineage } }`, nil)},
		{"100 nodes by id", func(i int) []byte {
			from := i * 100 % len(w.ids)
			return request(`query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Content { title slug } } }`, map[string]any{"ids": w.ids[from : from+100]})
		}},
		{"list of 20, five fields", fixed(listQuery, nil)},
		{"list of 20, all fields and texts", fixed(textsQuery, nil)},
		{"list of 20 as of then", fixed(listQuery, map[string]any{"asOf": w.past.String()})},
		{"list of 20 with a tag", fixed(listQuery, map[string]any{"filter": map[string]any{"tagsAny": []string{"tag7"}}})},
		{"search for two words", func(i int) []byte { return request(searchQuery, map[string]any{"words": words(i)}) }},
		{"20 contents with authors and cursors", fixed(`{ contents(first: 20) { edges { cursor node { id title author { displayName } } } pageInfo { hasNextPage endCursor } } }`, nil)},
		{"20 contents as HTML", fixed(`{ contents(first: 20) { nodes { id title html } } }`, nil)},
		{"20 decks of ten slides", fixed(`{ presentations(first: 20) { nodes { id title author { displayName } slides { id title content order } } } }`, nil)},
		{"100 events", fixed(`{ events(first: 100) { nodes { id position type recordedAt ... on ContentCreated { title slug } } } }`, nil)},
		{"ten users", fixed(`{ users(first: 10) { nodes { id displayName role } } }`, nil)},
		{"20 tags", fixed(`{ tags(first: 20) { nodes { name count } } }`, nil)},
	}
}

// plans measures the plans of package graph: the same server answers the same queries, built once
// with plans and once without. It prints how many times as many requests the plans serve in the
// same time, and how many times as much CPU the server takes for a request without them. The second
// ratio does not depend on what else the machine is doing.
func (s settings) plans() (err error) {
	cleanup, err := s.prepare()
	if err != nil {
		return err
	}
	defer cleanup()
	w, err := s.preload()
	if err != nil {
		return err
	}
	with := filepath.Join(s.dir, fmt.Sprintf("plans-%d.db", time.Now().UnixNano()))
	without := with + "-without"
	defer func() { err = errors.Join(err, removeDatabase(with)) }() // removes both: their names begin alike
	if err := copyDatabase(with, w.db); err != nil {
		return err
	}
	token, err := s.furnish(with)
	if err != nil {
		return err
	}
	if err := copyDatabase(without, with); err != nil {
		return err
	}
	planned, err := s.computing(with)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, planned.stopped()) }()
	s.binary += "-without-plans"
	if err := buildServer(s.binary, "-ldflags", "-X flightdeck/graph.planning=off"); err != nil {
		return err
	}
	plain, err := s.computing(without)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.stopped()) }()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "query\trequests a second, times\tCPU a request, times\t")
	for _, q := range planQueries(w) {
		say("%s", q.name)
		rates, costs, err := comparePlans(q, planned, plain, token)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t\n", q.name, quartiles(rates), quartiles(costs))
	}
	return table.Flush()
}

// furnish adds decks, users and contents with authors to a database, and returns the token of an
// admin.
func (s settings) furnish(db string) (token string, err error) {
	if token, err = s.token(db); err != nil {
		return "", err
	}
	p, err := s.flightdeck(db)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, p.stopped()) }()
	do := func(token, command string, variables map[string]any) {
		err = errors.Join(err, send(http.DefaultClient, p.url+"/graphql", token, request(command, variables)))
	}
	slides := make([]string, 10)
	for i := range slides {
		slides[i] = fmt.Sprintf("# Slide %d\n\n%s", i, body(i))
	}
	deck := strings.Join(slides, "\n\n---\n\n")
	for i := range 25 {
		title := fmt.Sprintf("Title %d", i)
		do(token, `mutation($title: String!, $deck: String) { createPresentation(input: {title: $title, markdown: $deck, isPublic: true}) { errors { message } } }`,
			map[string]any{"title": title, "deck": deck})
		do(token, `mutation($title: String!) { createContent(input: {title: $title, content: $title, status: PUBLISHED}) { errors { message } } }`,
			map[string]any{"title": title})
	}
	for i := range 9 { // the limit of registerUser is 10 a minute
		do("", `mutation($email: String!) { registerUser(input: {email: $email, displayName: "A Name", password: "correct horse"}) { errors { message } } }`,
			map[string]any{"email": fmt.Sprintf("user%d@example.org", i)})
	}
	return token, err
}

// comparePlans measures one query in rounds, and returns for each round the rate with plans over
// the rate without, and the CPU a request without plans over that with them.
func comparePlans(q planQuery, planned, plain *process, token string) (rates, costs []float64, err error) {
	for round := range planRounds {
		sides := []*process{planned, plain}
		var rate, cost [2]float64
		for turn := range sides {
			side := (round + turn) % len(sides) // each side is the first one in every other round
			if rate[side], cost[side], err = sides[side].spent(token, q.ask); err != nil {
				return nil, nil, err
			}
		}
		rates = append(rates, rate[0]/rate[1])
		costs = append(costs, cost[1]/cost[0])
	}
	return rates, costs, nil
}

// spent sends requests for planSpan, and returns the rate and the seconds of CPU that the server
// spent on a request.
func (p *process) spent(token string, ask func(int) []byte) (perSecond, cpu float64, err error) {
	before, err := p.cpu()
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	o, err := load(planConnections, planSpan, p.url+"/graphql", token, ask)
	if err != nil {
		return 0, 0, err
	}
	requests := o.perSecond * time.Since(begun).Seconds()
	after, err := p.cpu()
	return o.perSecond, (after - before).Seconds() / requests, err
}

// quartiles prints the median, and the range that half of the values lie in.
func quartiles(values []float64) string {
	sorted := slices.Sorted(slices.Values(values))
	return fmt.Sprintf("%.2f (%.2f–%.2f)", median(values), sorted[len(sorted)/4], sorted[len(sorted)*3/4])
}
