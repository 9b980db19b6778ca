package command

import (
	"strconv"
	"strings"

	"flightdeck/domain"

	"github.com/gosimple/slug"
)

// maxMadeSlug is the length limit of a slug made from a title, without the number that may follow.
const maxMadeSlug = 80

// MakeSlug returns a slug made from a title: its words in lower-case ASCII with hyphens between
// them, or "untitled".
func MakeSlug(title string) string {
	s := Hyphenate(title)
	if len(s) > maxMadeSlug {
		s = s[:maxMadeSlug]
		if i := strings.LastIndexByte(s, '-'); i > 0 {
			s = s[:i]
		}
	}
	if s == "" {
		return "untitled"
	}
	return s
}

// Hyphenate returns the words of a text as lower-case ASCII letters and digits, with single hyphens
// between them; "" for a text without any.
func Hyphenate(text string) string {
	parts := strings.FieldsFunc(slug.Make(text), func(r rune) bool { return r == '-' || r == '_' })
	return strings.Join(parts, "-")
}

// slug returns the asked slug, or an AlreadyTaken error if it is not free. If asked is nil, it
// returns a free slug made from the title.
func (u *unit) slug(asked *string, title string) (string, error) {
	if asked != nil {
		return *asked, u.slugIsFree(*asked, "", "choose another, or leave it out to have one made from the title")
	}
	return u.freeSlug(MakeSlug(title))
}

// freeSlug returns base, or base with a number if base is taken. It doubles the number until a slug
// is free and then halves the gap, so a thousand equal titles take twenty queries, not a thousand.
func (u *unit) freeSlug(base string) (string, error) {
	candidate := func(n int) string {
		if n == 1 {
			return base
		}
		return base + "-" + strconv.Itoa(n)
	}
	taken := func(n int) (bool, error) {
		id, err := u.Lookup.ContentBySlug(u.tx, candidate(n))
		return id != "", err
	}
	free := 1
	for {
		is, err := taken(free)
		if err != nil {
			return "", err
		}
		if !is {
			break
		}
		free *= 2
	}
	for low := free / 2; free-low > 1; {
		middle := (low + free) / 2
		is, err := taken(middle)
		if err != nil {
			return "", err
		}
		if is {
			low = middle
		} else {
			free = middle
		}
	}
	return candidate(free), nil
}

// slugIsFree returns an AlreadyTaken error with an advice if a content other than id has the slug.
func (u *unit) slugIsFree(s, id, advice string) error {
	existing, err := u.Lookup.ContentBySlug(u.tx, s)
	if err != nil || existing == "" || existing == id {
		return err
	}
	return &domain.Error{
		Code: domain.AlreadyTaken, Field: "slug", Existing: existing,
		Message: "the slug " + strconv.Quote(s) + " is taken: " + advice,
	}
}
