package main

import (
	"errors"
	"fmt"
)

const listQuery = `query($asOf: AsOf, $orderBy: ContentOrder) { contents(first: 20, asOf: $asOf, orderBy: $orderBy) { nodes { id title slug status updatedAt } } }`

// lists measures a list of 20 as of the middle of the log beside the list now.
func lists(s settings, w world) (rows []row, err error) {
	p, err := s.flightdeck(w.db)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stopped()) }()
	for _, field := range []string{"CREATED_AT", "UPDATED_AT", "TITLE"} {
		say("list of 20 by %s, now and as of position %s", field, w.past)
		order := map[string]any{"field": field, "direction": "DESC"}
		side := func(variables map[string]any) func() (outcome, error) {
			ask := request(listQuery, variables)
			return func() (outcome, error) {
				return load(connections, s.Span, p.url+"/graphql", "", func(int) []byte { return ask })
			}
		}
		then, now, err := duel(s.Rounds,
			side(map[string]any{"asOf": w.past.String(), "orderBy": order}), side(map[string]any{"orderBy": order}))
		if err != nil {
			return nil, err
		}
		cost := now.perSecond / then.perSecond
		rows = append(rows, row{"list of 20 as of then, by " + field, rate(then), "now: " + rate(now), cost, "cost ≤ 1.5", cost <= 1.5})
	}
	return rows, nil
}

// serve measures what it takes to serve the database: memory and a cold start.
func serve(s settings, w world) (rows []row, err error) {
	var starts []float64
	var most int64
	for range s.Rounds {
		p, took, err := s.coldStart(w.db)
		if err != nil {
			return nil, err
		}
		starts = append(starts, took.Seconds()*1000)
		ask := request(listQuery, map[string]any{"orderBy": map[string]any{"field": "UPDATED_AT"}})
		past := request(listQuery, map[string]any{"asOf": w.past.String()})
		one := func(i int) []byte {
			switch i % 3 {
			case 0:
				return ask
			case 1:
				return past
			}
			return request(readQuery, map[string]any{"id": w.ids[i%len(w.ids)]})
		}
		if _, err := load(connections, s.Span, p.url+"/graphql", "", one); err != nil {
			return nil, errors.Join(err, p.stopped())
		}
		memory, err := p.memory()
		if err = errors.Join(err, p.stopped()); err != nil {
			return nil, err
		}
		most = max(most, memory)
	}
	size := fmt.Sprintf("%d contents × %d", s.Contents, s.Versions)
	start := median(starts)
	return []row{
		{"memory under mixed reads, " + size, fmt.Sprintf("%.0f MB", float64(most)/1e6), "–", 0, "≤ 200 MB", most <= 200e6},
		{"cold start to first answer, " + size, fmt.Sprintf("%.0f ms", start), "–", 0, "< 500 ms", start < 500},
	}, nil
}
