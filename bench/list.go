package main

import (
	"errors"
	"fmt"
)

const listQuery = `query($asOf: AsOf, $orderBy: ContentOrder, $filter: ContentFilter) { contents(first: 20, asOf: $asOf, orderBy: $orderBy, filter: $filter) { nodes { id title slug status updatedAt } } }`

// textsQuery is a list of 20 with all fields and the texts of a content.
const textsQuery = `{ contents(first: 20) { nodes { id version title slug description content format status tags createdAt updatedAt publishedAt } } }`

// lists measures a list of 20 beside a plain handler, as of the middle of the log beside the list
// now, and beside the same list on a log of a tenth of the length.
func lists(s settings, w world) (rows []row, err error) {
	if rows, err = s.listsNow(w); err != nil {
		return nil, err
	}
	p, err := s.computing(w.db)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stopped()) }()
	for _, measure := range []func(*process, world) ([]row, error){s.listsThen, s.listsGrown} {
		more, err := measure(p, w)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// listsNow compares lists with a plain handler that runs the same SQL.
func (s settings) listsNow(w world) (rows []row, err error) {
	for _, l := range []struct{ name, baseline, query string }{
		{"list of 20", "list", listQuery}, {"list of 20, all fields and texts", "texts", textsQuery},
	} {
		say("%s, %d connections", l.name, connections)
		ask := func(int) []byte { return request(l.query, nil) }
		ours, theirs, err := duel(s.Rounds, s.asked(s.computing, w, ask), s.asked(s.plain(l.baseline), w, ask))
		if err != nil {
			return nil, err
		}
		rows = append(rows, atLeast(l.name+", 64", rate(ours), "plain handler, same SQL: "+rate(theirs), ours.perSecond/theirs.perSecond, 1.2))
	}
	return rows, nil
}

func (s settings) listsThen(p *process, w world) (rows []row, err error) {
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
		rows = append(rows, atMost("list of 20 as of then, by "+field, rate(then), "now: "+rate(now), cost, 1.3))
	}
	return rows, nil
}

// listsGrown compares lists as of the middle of the log with those of a shorter one.
func (s settings) listsGrown(p *process, w world) (rows []row, err error) {
	tenth := s
	tenth.Contents /= 10
	say("preloading %d contents of %d versions", tenth.Contents, tenth.Versions)
	short, err := tenth.preload()
	if err != nil {
		return nil, err
	}
	q, err := s.computing(short.db)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, q.stopped()) }()
	for _, f := range []struct {
		name   string
		filter map[string]any
		each   int // one content in so many
	}{
		{"published", map[string]any{"status": []string{"PUBLISHED"}}, 1},
		{"with a tag", map[string]any{"tagsAny": []string{"tag7"}}, tags},
		{"with two tags", map[string]any{"tagsAny": []string{"tag7", "tag8"}}, tags / 2},
	} {
		if tenth.Contents/f.each < 20 {
			continue // a partial page is not measured
		}
		side := func(p *process, w world) func() (outcome, error) {
			ask := request(listQuery, map[string]any{"asOf": w.past.String(), "filter": f.filter})
			return func() (outcome, error) {
				return load(connections, s.Span, p.url+"/graphql", "", func(int) []byte { return ask })
			}
		}
		say("list of 20 %s, at %d and at %d events", f.name, s.Contents*s.Versions, tenth.Contents*tenth.Versions)
		long, brief, err := duel(s.Rounds, side(p, w), side(q, short))
		if err != nil {
			return nil, err
		}
		cost := brief.perSecond / long.perSecond
		rows = append(rows, atMost(fmt.Sprintf("list of 20 as of then, %s, at %d events", f.name, s.Contents*s.Versions), rate(long),
			fmt.Sprintf("at %d: %s", tenth.Contents*tenth.Versions, rate(brief)), cost, 1.3))
	}
	return rows, nil
}

// serve measures the memory of the server and its cold start.
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
		one := func(i int) []byte { // each request differs, so that the cache of answers cannot serve it
			switch i % 3 {
			case 0:
				return numbered(ask, i)
			case 1:
				return numbered(past, i)
			}
			return numbered(request(readQuery, map[string]any{"id": w.ids[i%len(w.ids)]}), i)
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
		within("memory under mixed reads, "+size, fmt.Sprintf("%.0f MB", float64(most)/1e6), "–", float64(most), 200e6, "≤ 200 MB"),
		lasting("cold start to first answer, "+size, fmt.Sprintf("%.0f ms", start), "–", start, 300, "≤ 300 ms"),
	}, nil
}
