package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

const connections = 64

// request returns the body of a GraphQL request.
func request(query string, variables map[string]any) []byte {
	data, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // plain data
	}
	return data
}

const createQuery = `mutation($title: String!, $content: String!) {
	createContent(input: {title: $title, content: $content}) { content { id } position errors { message } } }`

// create measures durable createContent over HTTP, rows and search included, beside a plain handler
// that calls the same writer, and beside the same server with a transaction per mutation.
func create(s settings, _ world) ([]row, error) {
	say("durable createContent, %d connections", connections)
	text := body(1)
	make := func(i int) []byte {
		return request(createQuery, map[string]any{"title": fmt.Sprintf("Title %d of %d", i, time.Now().UnixNano()), "content": text})
	}
	side := func(name string, start func(db string) (*process, error)) func() (outcome, error) {
		round := 0
		return func() (o outcome, err error) {
			round++
			db := filepath.Join(s.dir, fmt.Sprintf("create-%s-%d-%d.db", name, round, time.Now().UnixNano()))
			token, err := s.token(db)
			if err != nil {
				return o, err
			}
			p, err := start(db)
			if err != nil {
				return o, err
			}
			o, err = load(connections, s.Span, p.url+"/graphql", token, make)
			return o, errors.Join(err, p.stopped())
		}
	}
	ours := side("ours", func(db string) (*process, error) { return s.flightdeck(db) })
	plain, plainly, err := duel(s.Rounds, ours, side("plain", func(db string) (*process, error) { return s.baseline("create", db) }))
	if err != nil {
		return nil, err
	}
	grouped, single, err := duel(s.Rounds, ours, side("single", func(db string) (*process, error) { return s.flightdeck(db, "--batch", "1") }))
	if err != nil {
		return nil, err
	}
	r1, r2 := plain.perSecond/plainly.perSecond, grouped.perSecond/single.perSecond
	return []row{
		atLeast("durable create, 64", rate(plain), "plain handler, same writer: "+rate(plainly), r1, 0.9),
		atLeast("durable create, 64", rate(grouped), "a transaction per mutation: "+rate(single), r2, 4),
		lasting("durable create, 64, p99", plain.p99.Round(100*time.Microsecond).String(), "plain handler: "+plainly.p99.Round(100*time.Microsecond).String(), plain.p99.Seconds(), 0.1, "≤ 100 ms"),
	}, nil
}

func rate(o outcome) string { return fmt.Sprintf("%.0f/s ±%.0f%%", o.perSecond, 100*o.spread) }
