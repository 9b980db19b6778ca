package web

import (
	"encoding/json"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The types of messages of both sub-protocols.
const (
	typeInit     = "connection_init"
	typeAck      = "connection_ack"
	typeError    = "error"
	typeComplete = "complete"
)

// The types of messages of one sub-protocol.
const (
	typePing            = "ping"                 // graphql-transport-ws
	typePong            = "pong"                 // graphql-transport-ws
	typeKeepAlive       = "ka"                   // graphql-ws
	typeConnectionError = "connection_error"     // graphql-ws
	typeTerminate       = "connection_terminate" // graphql-ws
)

// protocol has the names that differ between the sub-protocols. Code for other differences asks for
// legacy.
type protocol struct {
	name      string
	subscribe string // starts an operation
	stop      string // ends it, said by the client
	next      string // carries a result
	keepAlive string // keeps a connection alive
	legacy    bool
}

var (
	// transportWS is the sub-protocol of the graphql-ws project.
	transportWS = &protocol{
		name: "graphql-transport-ws", subscribe: "subscribe", stop: typeComplete, next: "next", keepAlive: typePing,
	}
	// legacyWS is the sub-protocol of subscriptions-transport-ws, which old clients speak.
	legacyWS = &protocol{
		name: "graphql-ws", subscribe: "start", stop: "stop", next: "data", keepAlive: typeKeepAlive, legacy: true,
	}
)

// protocolNamed returns the sub-protocol with a name, nil for none.
func protocolNamed(name string) *protocol {
	switch name {
	case transportWS.name:
		return transportWS
	case legacyWS.name:
		return legacyWS
	}
	return nil
}

// message is a message of a client.
type message struct {
	ID      *string         `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// decodeMessage reads a message of gorilla's kind. The error is a *refusal.
func decodeMessage(kind int, data []byte) (message, error) {
	var m message
	if kind != websocket.TextMessage {
		return m, badRequest("messages are text")
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, badRequest("the message is not a JSON object of the protocol")
	}
	return m, nil
}

// operationID returns the id of a message about an operation. The error is a *refusal.
func (m message) operationID() (string, error) {
	if m.ID == nil || *m.ID == "" {
		return "", badRequest("the message has no id")
	}
	return *m.ID, nil
}

// object decodes a payload that is an object or absent. Numbers keep their text. The error is a
// *refusal.
func (m message) object() (map[string]any, error) {
	if len(m.Payload) == 0 {
		return nil, nil
	}
	var object map[string]any
	if decodeJSON(m.Payload, &object) != nil {
		return nil, badRequest("the payload is not an object")
	}
	return object, nil
}

// encodeMessage returns a message as JSON, without the members whose values are empty.
func encodeMessage(kind, id string, payload []byte) []byte {
	b := make([]byte, 0, len(kind)+len(id)+len(payload)+40)
	b = append(b, '{')
	if id != "" {
		b = appendMember(b, "id", mustMarshal(id))
	}
	b = appendMember(b, "type", mustMarshal(kind))
	if len(payload) > 0 {
		b = appendMember(b, "payload", payload)
	}
	return append(b, '}')
}

// openEnvelope returns the message around a result, up to the result.
func openEnvelope(kind, id string) []byte {
	const nothing = "null"
	message := encodeMessage(kind, id, []byte(nothing))
	return message[:len(message)-len(nothing)-len(endOfEnvelope)]
}

// endOfEnvelope is the message around a result after the result.
var endOfEnvelope = []byte{'}'}

// encodeErrors returns the message that refuses an operation. The older sub-protocol has room for
// one error only.
func (p *protocol) encodeErrors(id string, errs gqlerror.List) []byte {
	if p.legacy {
		return encodeMessage(typeError, id, mustMarshal(errs[0]))
	}
	return encodeMessage(typeError, id, mustMarshal(errs))
}
