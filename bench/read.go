package main

import "errors"

const readQuery = `query($id: ID!) { content(id: $id) { id version title slug content status tags updatedAt } }`

// read measures a content by id over HTTP beside a plain handler that runs the same
// SQL and encodes the same JSON, and beside the same API behind gqlgen's own transport,
// which is what our edge costs.
func read(s settings, w world) ([]row, error) {
	say("content by id, %d connections", connections)
	ask := func(i int) []byte { return request(readQuery, map[string]any{"id": w.ids[i%len(w.ids)]}) }
	side := func(start func() (*process, error)) func() (outcome, error) {
		return func() (o outcome, err error) {
			p, err := start()
			if err != nil {
				return o, err
			}
			o, err = load(connections, s.Span, p.url+"/graphql", "", ask)
			return o, errors.Join(err, p.stopped())
		}
	}
	ours, theirs, err := duel(s.Rounds,
		side(func() (*process, error) { return s.flightdeck(w.db) }),
		side(func() (*process, error) { return s.baseline("read", w.db) }))
	if err != nil {
		return nil, err
	}
	edge, stock, err := duel(s.Rounds,
		side(func() (*process, error) { return s.flightdeck(w.db) }),
		side(func() (*process, error) { return s.baseline("gqlgen", w.db) }))
	if err != nil {
		return nil, err
	}
	ratio, cost := ours.perSecond/theirs.perSecond, stock.perSecond/edge.perSecond
	return []row{
		{"content by id, 64", rate(ours), "plain handler, same SQL: " + rate(theirs), ratio, "≥ 0.5", ratio >= 0.5},
		{"the same, what the edge costs", rate(edge), "gqlgen's POST transport: " + rate(stock), cost, "≤ 1.25", cost <= 1.25},
	}, nil
}
