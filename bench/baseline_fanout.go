package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/eventstore"

	"github.com/gorilla/websocket"
)

// bare is fan-out without GraphQL: gorilla's broadcast of a prepared message to every socket, with
// the bytes that FlightDeck sends.
type bare struct {
	*opened
	upgrader websocket.Upgrader

	mu      sync.Mutex // guards sockets
	sockets map[*websocket.Conn]bool
}

func newBare(o *opened) *bare {
	b := &bare{opened: o, sockets: map[*websocket.Conn]bool{}}
	b.upgrader = websocket.Upgrader{Subprotocols: []string{"graphql-transport-ws"}, WriteBufferPool: &sync.Pool{}}
	go b.broadcast()
	return b
}

// serve upgrades to a websocket, and appends each posted event.
func (b *bare) serve(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		b.listen(w, r)
		return
	}
	var in struct{ Variables struct{ Commands []batched } }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var batch command.Batch
	for _, c := range in.Variables.Commands {
		batch.Commands = append(batch.Commands, command.CreateContent{
			Title: c.CreateContent.Title, Content: c.CreateContent.Content, Format: domain.Markdown, Status: domain.Published,
		})
	}
	if len(batch.Commands) > 0 {
		if _, err := b.commands.Do(auth.WithActor(r.Context(), domain.System), batch); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	writeJSON(w, map[string]any{"data": map[string]any{"log": map[string]any{"head": b.log.Head().Position.String()}}})
}

// listen runs one goroutine per socket, which reads, as gorilla requires.
func (b *bare) listen(w http.ResponseWriter, r *http.Request) {
	socket, err := b.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.sockets, socket)
		_ = socket.Close()
	}()
	for first := true; ; first = false {
		if _, _, err := socket.ReadMessage(); err != nil {
			return
		}
		if !first {
			continue
		}
		if err := socket.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_ack"}`)); err != nil {
			return
		}
		b.mu.Lock()
		b.sockets[socket] = true
		b.mu.Unlock()
	}
}

// broadcast follows the log.
func (b *bare) broadcast() {
	ctx := context.Background()
	for at := b.log.Head().Position; ; {
		fatal(b.log.Wait(ctx, at))
		page, err := b.log.Read(ctx, at, 256)
		fatal(err)
		for _, e := range page {
			b.send(e)
			at = e.Position
		}
	}
}

func (b *bare) send(e eventstore.Event) {
	text := fmt.Sprintf(`{"id":"1","type":"next","payload":{"data":{"eventAppended":{"position":"%s","recordedAt":"%s","type":"%s","data":%s}}}}`,
		e.Position, domain.InstantOf(e.RecordedAt), e.Type, e.Data)
	message, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte(text))
	fatal(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	for socket := range b.sockets {
		if err := socket.WritePreparedMessage(message); err != nil {
			delete(b.sockets, socket)
		}
	}
}
