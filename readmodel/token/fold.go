package token

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// class is what a character is to the tokenizer.
type class int

const (
	separator class = iota
	letter          // of a word: a letter, a digit, or a mark that a word needs
	character       // of a script without spaces between the words
)

// spaceless are the scripts whose texts have no spaces between the words, and Hangul, whose words
// have endings and particles that belong to no word of a search.
var spaceless = rangetable.Merge(
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
)

// vowelled are the scripts whose letters take marks that a search leaves out. Marks of other
// scripts are vowels, or make another letter.
var vowelled = rangetable.Merge(
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic, unicode.Syriac,
	unicode.Armenian, unicode.Coptic, unicode.Inherited,
)

// traced are the characters that are not separators, and marks those that enclose or change others.
var (
	traced = rangetable.Merge(unicode.L, unicode.N, unicode.M)
	marks  = rangetable.Merge(unicode.Mn, unicode.Me)
)

// spelled has the letters that Unicode does not take apart and that people without them write in
// another way.
var spelled = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ĸ': "k", 'ŋ': "n", 'ŧ': "t",
	'ƀ': "b", 'ɓ': "b", 'ɗ': "d", 'ƒ': "f", 'ɠ': "g", 'ɨ': "i", 'ƙ': "k", 'ɲ': "n", 'ɔ': "o", 'ʉ': "u", 'ƶ': "z", 'ǝ': "e",
}

const (
	zeroWidthSpace     = '\u200B'
	tatweel            = '\u0640' // makes an Arabic word longer, not another one
	voicedMark         = '\u3099' // of kana
	semiVoicedMark     = '\u309A'
	prolongedSoundMark = 'ー'
	closingMark        = '〆'
)

// sentences takes away the two signs whose compatibility forms are sentences, so that a text of
// them does not grow eleven times.
var sentences = strings.NewReplacer("\uFDFA", " ", "\uFDFB", " ")

// normalised returns the text in the form NFKC.
func normalised(text string) string {
	if norm.NFKC.IsNormalString(text) {
		return text
	}
	return norm.NFKC.String(sentences.Replace(text))
}

// fold appends the folded form of a character of a normalised text, and returns its class. A
// character that leaves no trace, such as a mark, appends nothing and is of class letter.
func fold(to []byte, r rune) ([]byte, class) {
	if r < utf8.RuneSelf {
		return foldASCII(to, byte(r))
	}
	if r < firstUncommon {
		f := &common()[r]
		return append(to, f.text...), f.class
	}
	return foldAny(to, r)
}

// firstUncommon is the first character after Latin, Greek, Cyrillic and Armenian.
const firstUncommon = 0x590

type folding struct {
	text  string
	class class
}

// common has the results of foldAny for the characters before firstUncommon.
var common = sync.OnceValue(func() *[firstUncommon]folding {
	var all [firstUncommon]folding
	for r := range all {
		text, class := foldAny(nil, rune(r))
		all[r] = folding{string(text), class}
	}
	return &all
})

// foldAny is fold for a character beyond ASCII.
func foldAny(to []byte, r rune) ([]byte, class) {
	switch {
	case !unicode.Is(traced, r):
		if unicode.Is(unicode.Cf, r) && r != zeroWidthSpace {
			return to, letter
		}
		return to, separator
	case unicode.Is(spaceless, r), r == prolongedSoundMark, r == closingMark, r == voicedMark, r == semiVoicedMark:
		return utf8.AppendRune(to, r), character
	case r == tatweel, isLeftOut(r):
		return to, letter
	case !unicode.Is(vowelled, r):
		return appendLower(to, r), letter
	}
	var buffer [utf8.UTFMax]byte
	parts := norm.NFD.Properties(buffer[:utf8.EncodeRune(buffer[:], r)]).Decomposition()
	if parts == nil {
		return appendLower(to, r), letter
	}
	for len(parts) > 0 {
		part, size := utf8.DecodeRune(parts)
		if parts = parts[size:]; !isLeftOut(part) {
			to = appendLower(to, part)
		}
	}
	return to, letter
}

func foldASCII(to []byte, b byte) ([]byte, class) {
	switch {
	case 'a' <= b && b <= 'z', '0' <= b && b <= '9':
		return append(to, b), letter
	case 'A' <= b && b <= 'Z':
		return append(to, b-'A'+'a'), letter
	}
	return to, separator
}

// isLeftOut reports whether r is a mark that a search leaves out.
func isLeftOut(r rune) bool { return unicode.Is(marks, r) && unicode.Is(vowelled, r) }

// appendLower appends a character without its case. Upper case comes first, because some letters
// share theirs: σ and ς, i and ı.
func appendLower(to []byte, r rune) []byte {
	if s, ok := spelled[unicode.ToLower(r)]; ok {
		return append(to, s...)
	}
	return utf8.AppendRune(to, unicode.ToLower(unicode.ToUpper(r)))
}
