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

// cursor is a place in a connection. It pins the position of the first page, so
// that paging never skips or repeats, whatever is written meanwhile, and names
// the list it belongs to, so that it is not used in another.
type cursor struct {
	List string              `json:"l"`
	At   eventstore.Position `json:"p"`
	Key  []any               `json:"k"`
}

// encode returns the cursor as clients see it: text without meaning to them.
func (c cursor) encode() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // keys are texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// decodeCursor reads a cursor of the list of this name and number of keys.
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

// keyValue returns a part of a key as SQL compares it.
func keyValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.Int64()
	}
	return nil, fmt.Errorf("its key has a %T", v)
}

// listName returns what identifies a list, by what determines its members and their
// order. A cursor of one log is foreign in another.
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
