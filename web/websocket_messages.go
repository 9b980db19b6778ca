package web

import (
	"encoding/json"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The types of messages that both sub-protocols have.
const (
	typeInit     = "connection_init"
	typeAck      = "connection_ack"
	typeError    = "error"
	typeComplete = "complete"
)

// The types that only one of them has.
const (
	typePing            = "ping"                 // graphql-transport-ws
	typePong            = "pong"                 // graphql-transport-ws
	typeKeepAlive       = "ka"                   // graphql-ws
	typeConnectionError = "connection_error"     // graphql-ws
	typeTerminate       = "connection_terminate" // graphql-ws
)

// protocol is what differs between the sub-protocols by name alone. What differs in
// behaviour asks for legacy.
type protocol struct {
	name      string
	subscribe string // starts an operation
	stop      string // ends it, said by the client
	next      string // carries a result
	keepAlive string // is sent when nothing else is
	legacy    bool
}

var (
	// transportWS is the protocol of the graphql-ws project.
	transportWS = &protocol{
		name: "graphql-transport-ws", subscribe: "subscribe", stop: typeComplete, next: "next", keepAlive: typePing,
	}
	// legacyWS is the protocol of subscriptions-transport-ws, which old clients speak.
	legacyWS = &protocol{
		name: "graphql-ws", subscribe: "start", stop: "stop", next: "data", keepAlive: typeKeepAlive, legacy: true,
	}
)

// protocolNamed returns the sub-protocol that was negotiated, or nil.
func protocolNamed(name string) *protocol {
	switch name {
	case transportWS.name:
		return transportWS
	case legacyWS.name:
		return legacyWS
	}
	return nil
}

// message is what a client sends.
type message struct {
	ID      *string         `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// decodeMessage reads one message; the error names what is wrong with it.
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

// operationID returns the id that a message about an operation must have.
func (m message) operationID() (string, error) {
	if m.ID == nil || *m.ID == "" {
		return "", badRequest("the message has no id")
	}
	return *m.ID, nil
}

// object decodes the payload of a message where it is an object or left out.
func (m message) object() (map[string]any, error) {
	if len(m.Payload) == 0 {
		return nil, nil
	}
	var object map[string]any
	if err := json.Unmarshal(m.Payload, &object); err != nil {
		return nil, badRequest("the payload is not an object")
	}
	return object, nil
}

// encodeMessage returns a message as JSON; id and payload may be left out.
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

// openEnvelope returns the message around a result up to the result.
func openEnvelope(kind, id string) []byte {
	const nothing = "null"
	message := encodeMessage(kind, id, []byte(nothing))
	return message[:len(message)-len(nothing)-len(endOfEnvelope)]
}

// endOfEnvelope follows the result.
var endOfEnvelope = []byte{'}'}

// encodeErrors returns the message that refuses an operation. The older protocol
// has room for one error only.
func (p *protocol) encodeErrors(id string, errs gqlerror.List) []byte {
	if p.legacy {
		return encodeMessage(typeError, id, mustMarshal(errs[0]))
	}
	return encodeMessage(typeError, id, mustMarshal(errs))
}
