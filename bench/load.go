package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// outcome holds the figures of a round of load.
type outcome struct {
	perSecond float64
	p50, p99  time.Duration
	spread    float64 // half the range of perSecond over the rounds, relative to the median
}

// load sends requests over the given number of connections for a span. A connection sends the next
// request as soon as it has the response to the last.
func load(connections int, span time.Duration, url, token string, body func(i int) []byte) (outcome, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	var mu sync.Mutex // guards the two below
	var took []time.Duration
	var failed error
	var wait sync.WaitGroup
	begun := time.Now()
	for c := range connections {
		wait.Go(func() {
			own, err := loop(ctx, client, url, token, func(i int) []byte { return body(c + i*connections) })
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
			failed = errors.Join(failed, err)
		})
	}
	wait.Wait()
	elapsed := time.Since(begun)
	if failed != nil || len(took) == 0 {
		return outcome{}, fmt.Errorf("load: %w", failed)
	}
	slices.Sort(took)
	return outcome{perSecond: float64(len(took)) / elapsed.Seconds(), p50: took[len(took)/2], p99: took[len(took)*99/100]}, nil
}

// loop is one connection.
func loop(ctx context.Context, client *http.Client, url, token string, body func(i int) []byte) (took []time.Duration, err error) {
	for i := 0; i == 0 || ctx.Err() == nil; i++ {
		begun := time.Now()
		if err := send(client, url, token, body(i)); err != nil {
			return took, err
		}
		took = append(took, time.Since(begun))
	}
	return took, nil
}

var markErrors = []byte(`"errors":[{`)

// send posts a request and reads the answer, which must be a success.
func send(client *http.Client, url, token string, body []byte) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || bytes.Contains(data, markErrors) {
		return fmt.Errorf("status %d: %.300s", response.StatusCode, data)
	}
	return nil
}

// duel measures two sides in turns and returns the medians of both.
func duel(rounds int, ours, theirs func() (outcome, error)) (a, b outcome, err error) {
	var list [2][]outcome
	for range rounds {
		for side, measure := range []func() (outcome, error){ours, theirs} {
			o, err := measure()
			if err != nil {
				return a, b, err
			}
			list[side] = append(list[side], o)
		}
	}
	return middle(list[0]), middle(list[1]), nil
}

// rounds measures one side alone and returns the median.
func rounds(n int, measure func() (outcome, error)) (outcome, error) {
	var list []outcome
	for range n {
		o, err := measure()
		if err != nil {
			return o, err
		}
		list = append(list, o)
	}
	return middle(list), nil
}

func middle(list []outcome) outcome {
	slices.SortFunc(list, func(a, b outcome) int { return int(a.perSecond - b.perSecond) })
	m := list[len(list)/2]
	m.spread = (list[len(list)-1].perSecond - list[0].perSecond) / 2 / m.perSecond
	return m
}
