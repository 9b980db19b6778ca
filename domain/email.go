package domain

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxTypedEmail bounds the length of a text that is brought into another form, in bytes. A longer
// one is no address, and Punycode takes a time that grows with the square of the length.
const maxTypedEmail = 16 * MaxEmail

// NormalEmail returns the form in which addresses are compared and stored: without space around it,
// in lower case, in NFC of Unicode, and with the domain in ASCII (Punycode), as it is in the
// Internet. It returns invalid UTF-8 unchanged, so that checkText refuses it: lower-casing would
// turn it into text. A text that is too long for an address stays unchanged too. A domain that is
// no name of the Internet only loses its case.
func NormalEmail(s string) string {
	if len(s) > maxTypedEmail || !utf8.ValidString(s) {
		return s
	}
	s = norm.NFC.String(strings.ToLower(strings.TrimSpace(s)))
	at := strings.LastIndexByte(s, '@')
	if at < 0 || isASCII(s[at+1:]) {
		return s
	}
	ascii, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil {
		return s
	}
	return s[:at+1] + ascii
}

// EmailForms returns the forms in which an address may be stored, as it was typed first: earlier
// versions stored it so, apart from its case, and with the domain in any form of Unicode. The
// normal form is one of them. An address in ASCII has one form.
func EmailForms(s string) []string {
	if len(s) > maxTypedEmail || !utf8.ValidString(s) {
		return []string{s}
	}
	normal := NormalEmail(s)
	forms := []string{strings.ToLower(strings.TrimSpace(s)), normal}
	at := strings.LastIndexByte(normal, '@')
	if name, err := idna.Lookup.ToUnicode(normal[at+1:]); err == nil {
		forms = append(forms, normal[:at+1]+name)
	}
	for _, form := range forms {
		forms = append(forms, norm.NFD.String(form))
	}
	different := forms[:0]
	for _, form := range forms {
		if !slices.Contains(different, form) {
			different = append(different, form)
		}
	}
	return different
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
