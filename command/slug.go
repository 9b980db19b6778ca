package command

import (
	"strconv"
	"strings"

	"flightdeck/domain"

	"github.com/gosimple/slug"
)

// maxMadeSlug is how long a slug made from a title gets, before a number makes it
// unique.
const maxMadeSlug = 80

// MakeSlug returns the slug that a title suggests: its words in lower-case ASCII,
// joined by hyphens.
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

// Hyphenate returns the words of a text as lower-case letters and digits in ASCII, with single
// hyphens between them.
func Hyphenate(text string) string {
	parts := strings.FieldsFunc(slug.Make(text), func(r rune) bool { return r == '-' || r == '_' })
	return strings.Join(parts, "-")
}

// slug returns the slug that was asked for, if it is free, or one made from the
// title that is.
func (u *unit) slug(asked *string, title string) (string, error) {
	if asked != nil {
		return *asked, u.slugIsFree(*asked, "")
	}
	return u.freeSlug(MakeSlug(title))
}

// freeSlug returns base or, when it is taken, base with a number that is not. It
// doubles the number until one is free and then halves the gap, so that the
// thousandth namesake costs no more than some questions.
func (u *unit) freeSlug(base string) (string, error) {
	candidate := func(n int) string {
		if n == 1 {
			return base
		}
		return base + "-" + strconv.Itoa(n)
	}
	taken := func(n int) (bool, error) {
		id, err := u.Tables.ContentBySlug(u.tx, candidate(n))
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

// slugIsFree returns an AlreadyTaken error when another content has the slug.
func (u *unit) slugIsFree(s, id string) error {
	existing, err := u.Tables.ContentBySlug(u.tx, s)
	if err != nil || existing == "" || existing == id {
		return err
	}
	return &domain.Error{
		Code: domain.AlreadyTaken, Field: "slug", Existing: existing,
		Message: "the slug " + strconv.Quote(s) + " is taken: choose another, or leave it out to have one made from the title",
	}
}
