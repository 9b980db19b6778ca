package readmodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"flightdeck/domain"
	"flightdeck/eventstore"
)

// cursor is a place in a connection. It pins the position of the first page, so that no later page
// repeats or skips a member, and names its list, so that it is refused in another one.
type cursor struct {
	List string              `json:"l"`
	At   eventstore.Position `json:"p"`
	Key  []any               `json:"k"`
}

// encode returns the cursor as opaque text for clients.
func (c cursor) encode() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // keys are texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// decodeCursor reads a cursor of a list with this name and number of keys. field is the argument
// that has the text.
func decodeCursor(field, list, text string, keys int) (c cursor, err error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		err = dec.Decode(&c)
	}
	if err != nil || c.At < 0 || len(c.Key) != keys {
		return c, domain.Errorf(domain.Invalid, "%q is not a cursor: use a cursor or pageInfo of an earlier page", field).At(field)
	}
	if c.List != list {
		return c, domain.Errorf(domain.Invalid, "the cursor in %q belongs to another list: filter, order and search have to stay the same from page to page", field).At(field)
	}
	for i, k := range c.Key {
		if c.Key[i], err = keyValue(k); err != nil {
			return c, domain.Errorf(domain.Invalid, "%q is not a cursor: %v", field, err).At(field)
		}
	}
	return c, nil
}

// keyValue returns a part of a key in the type that SQL compares: int64 or string.
func keyValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.Int64()
	}
	return nil, fmt.Errorf("its key has a %T", v)
}

// listName returns a function for the name of a list: a digest of the log's lineage, the kind of
// the list and parts, which determine its members and their order.
func (r *Reader) listName(kind string, parts ...any) func() string {
	return sync.OnceValue(func() string {
		d := sha256.New()
		enc := json.NewEncoder(d)
		for _, part := range append([]any{r.log.Lineage(), kind}, parts...) {
			if err := enc.Encode(part); err != nil {
				panic(err) // filters are plain data
			}
		}
		return hex.EncodeToString(d.Sum(nil)[:6])
	})
}
