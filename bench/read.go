package main

import "errors"

const readQuery = `query($id: ID!) { content(id: $id) { id version title slug content status tags updatedAt } }`

// read measures a content by id over HTTP beside a plain handler that runs the same SQL and encodes
// the same JSON, and beside the same API behind gqlgen's own transport, which gives the cost of our
// edge.
func read(s settings, w world) ([]row, error) {
	say("content by id, %d connections", connections)
	ask := func(i int) []byte { return request(readQuery, map[string]any{"id": w.ids[i%len(w.ids)]}) }
	ours, theirs, err := duel(s.Rounds, s.asked(s.computing, w, ask), s.asked(s.plain("read"), w, ask))
	if err != nil {
		return nil, err
	}
	edge, stock, err := duel(s.Rounds, s.asked(s.computing, w, ask), s.asked(s.plain("gqlgen"), w, ask))
	if err != nil {
		return nil, err
	}
	ratio, cost := ours.perSecond/theirs.perSecond, stock.perSecond/edge.perSecond
	return []row{
		atLeast("content by id, 64", rate(ours), "plain handler, same SQL: "+rate(theirs), ratio, 0.95),
		atMost("the same, what the edge costs", rate(edge), "gqlgen's POST transport: "+rate(stock), cost, 1.25),
	}, nil
}

// asked runs one round: it starts a server of the database, lets all connections send requests, and
// stops the server, since a file has one server at a time.
func (s settings) asked(start func(db string, more ...string) (*process, error), w world, ask func(i int) []byte) func() (outcome, error) {
	return s.askedBy("", start, w, ask)
}

// askedBy is asked with a token.
func (s settings) askedBy(token string, start func(db string, more ...string) (*process, error), w world, ask func(i int) []byte) func() (outcome, error) {
	return func() (o outcome, err error) {
		p, err := start(w.db)
		if err != nil {
			return o, err
		}
		o, err = load(connections, s.Span, p.url+"/graphql", token, ask)
		return o, errors.Join(err, p.stopped())
	}
}

// plain starts the baseline of that name.
func (s settings) plain(name string) func(db string, more ...string) (*process, error) {
	return func(db string, _ ...string) (*process, error) { return s.baseline(name, db) }
}
