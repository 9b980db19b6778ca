package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// repeated measures a read that is repeated while its dependencies are unchanged, beside a handler
// that writes the same bytes ready-made.
func repeated(s settings, w world) ([]row, error) {
	token, err := s.token(w.db)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, one := range []struct {
		name, token string
		ask         []byte
	}{
		{"content by id, repeated", "", request(readQuery, map[string]any{"id": w.ids[0]})},
		{"list of 20, repeated", "", request(listQuery, nil)},
		{"the same, of somebody logged in", token, request(listQuery, nil)},
	} {
		say("%s, %d connections", one.name, connections)
		ask := func(int) []byte { return one.ask }
		ours, theirs, err := duel(s.Rounds, s.askedBy(one.token, s.flightdeck, w, ask), s.askedBy(one.token, s.plain("bytes"), w, ask))
		if err != nil {
			return nil, err
		}
		rows = append(rows, atLeast(one.name+", 64", rate(ours), "ready-made bytes: "+rate(theirs), ours.perSecond/theirs.perSecond, 0.8))
	}
	return rows, nil
}

// readyMade returns a handler that answers every request with the bytes of the first response of
// another handler.
func readyMade(first http.Handler) http.HandlerFunc {
	var answer []byte
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			recorder := httptest.NewRecorder()
			first.ServeHTTP(recorder, r)
			answer = recorder.Body.Bytes()
		})
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		if _, err := w.Write(answer); err != nil {
			panic(err) // the connection is gone
		}
	}
}

// numbered returns a request of the same meaning with another text.
func numbered(ask []byte, n int) []byte {
	return fmt.Appendf(nil, `%s,"extensions":{"n":%d}}`, ask[:len(ask)-1], n)
}
