package domain

import (
	"slices"
	"strings"
)

// An id is a prefix that names the kind, a hyphen, and a UUID: an id is unique among all nodes, and
// an id of the wrong kind is recognised without a lookup.

// KindSlide is the kind of the ids of slides. It is no kind of stream: slides live in the streams
// of presentations.
const KindSlide Kind = "SLIDE"

// NewID returns the id of this kind for a UUID.
func NewID(kind Kind, uuid string) string { return kind.prefix() + uuid }

func (k Kind) prefix() string { return strings.ToLower(string(k)) + "-" }

// Valid reports whether k is a kind of stream.
func (k Kind) Valid() bool {
	return slices.Contains([]Kind{KindContent, KindPresentation, KindUser}, k)
}

// KindOf returns the kind that an id names. ok is false for an id that this program did not make.
func KindOf(id string) (Kind, bool) {
	for _, kind := range []Kind{KindContent, KindPresentation, KindUser, KindSlide} {
		if uuid, ok := strings.CutPrefix(id, kind.prefix()); ok && isUUID(uuid) {
			return kind, true
		}
	}
	return "", false
}

// CheckID returns an error unless id is an id of this kind.
func CheckID(kind Kind, field, id string) error {
	switch found, ok := KindOf(id); {
	case !ok:
		return Errorf(Invalid, "%q is not an id: %s ids look like %s0190a8c2-7b1e-7000-8000-000000000000", clip(id), strings.ToLower(string(kind)), kind.prefix()).At(field)
	case found != kind:
		return Errorf(Invalid, "%s is the id of a %s, not of a %s", id, strings.ToLower(string(found)), strings.ToLower(string(kind))).At(field)
	}
	return nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
		if hyphen && c != '-' || !hyphen && !hex {
			return false
		}
	}
	return true
}

// clip shortens a text from a client for use in a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
