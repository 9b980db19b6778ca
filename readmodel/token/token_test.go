package token_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"flightdeck/readmodel/token"
)

func TestTextHasTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " \t\n.,;": "", "The quick, brown FOX!": "the quick brown fox", "don't foo_bar C++ a-1": "don t foo bar c a 1",
		"Crème BRÛLÉE": "creme brulee", "cre\u0300me": "creme", "Łódź ŁÓDŹ": "lodz lodz", "Straße STRASSE ẞ": "strasse strasse ss",
		"Ærø smørrebrød œuf": "aero smorrebrod oeuf", "İstanbul ISPARTA ısparta": "istanbul isparta isparta", "Ὀδυσσεύς ΟΔΥΣΣΕΥΣ": "οδυσσευσ οδυσσευσ",
		"Ёлка мой": "елка мои", "ﬁn ｆｕｌｌ ①②": "fin full 12", "x̣́y": "xy", "Đỗ Þór": "do thor",
		"שָׁלוֹם": "שלום", "مُحَمَّد محـــمد آب": "محمد محمد اب", "हिन्दी की": "हिन्दी की", "soft\u00ADware zero\u200Bwidth join\u200Der": "software zero width joiner",
		"東京": "東京 京", "東": "東", "東京タワー": "東京 京タ タワ ワー ー", "ﾀﾜｰ": "タワ ワー ー", "ガ ｶﾞ カ": "ガ ガ カ",
		"重跑gen-itgc后": "重跑 跑 gen itgc 后", "2024年3月": "2024 年 3 月", "한국어": "한국 국어 어", "\u1112\u1161\u11ab": "한",
		"ภาษาไทย": "ภา าษ ษา าไ ไท ทย ย", "🚀 1️⃣": "1", "\uFDFA\uFDFB": "", "葛\U000E0100城": "葛城 城", "a\xffb": "a b", "½": "1 2",
	} {
		if got := token.Text(text); got != want {
			t.Errorf("%q has the tokens %q, want %q", text, got, want)
		}
	}
}

func TestSearchHasTerms(t *testing.T) {
	t.Parallel()
	for search, want := range map[string]string{
		"": "", `"" * - !`: "", "quick FOX": "quick|fox", `"quick brown" fox`: "quick brown|fox", "fox*": "fox*", "fo-x*": "fo x*", "a a A á": "a", "a a*": "a|a*",
		"東": "東*", "東京": "東京", "東京*": "東京", "東京タワー": "東京 京タ タワ ワー", `"東京 タワー"`: "東京 京 タワ ワー", "重跑gen": "重跑 跑 gen", "gen后": "gen 后*", "gen后*": "gen 后*",
		"서울 한국": "서울|한국", `"quick`: "quick", "lodz łódź": "lodz",
	} {
		var terms []string
		for _, term := range token.Parse(search) {
			text := strings.Join(term.Tokens, " ")
			if term.Prefix {
				text += "*"
			}
			terms = append(terms, text)
		}
		if got := strings.Join(terms, "|"); got != want {
			t.Errorf("%q has the terms %q, want %q", search, got, want)
		}
	}
}

func TestTextIsFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		search, text string
		want         bool
	}{
		{"東京", "東京タワーは高い", true},
		{"京タ", "東京タワーは高い", true},
		{"い", "東京タワーは高い", true},
		{"は", "東京タワーは高い", true},
		{"東京タワーは高い", "東京タワーは高い", true},
		{"京東", "東京タワーは高い", false},
		{"東高", "東京タワーは高い", false},
		{"ﾀﾜｰ", "東京タワーは高い", true},
		{"ภาษา", "ผมพูดภาษาไทย", true},
		{"ไทย", "ผมพูดภาษาไทย", true},
		{"ลาว", "ผมพูดภาษาไทย", false},
		{"서울", "서울에서 만나요", true},
		{"에서", "서울에서 만나요", true},
		{"부산", "서울에서 만나요", false},
		{"gen", "重跑gen-itgc后", true},
		{"itgc后", "重跑gen-itgc后", true},
		{"跑gen", "重跑gen-itgc后", true},
		{"重跑gen-itgc后", "重跑gen-itgc后", true},
		{"重gen", "重跑gen-itgc后", false},
		{"lodz", "Łódź", true},
		{"łódź", "lodz", true},
		{"strasse", "Straße", true},
		{"straße", "STRASSE", true},
		{"smorre*", "smørrebrød", true},
		{"smorre", "smørrebrød", false},
		{`"quick fox"`, "quick brown fox", false},
	} {
		if got := finds(test.search, test.text); got != test.want {
			t.Errorf("%q in %q: %v, want %v", test.search, test.text, got, test.want)
		}
	}
}

// finds reports whether a text has all terms of a search, as an engine would.
func finds(search, text string) bool {
	tokens := strings.Fields(token.Text(text))
	has := func(term token.Term) bool {
		last := len(term.Tokens) - 1
		for i := range len(tokens) - last {
			if slices.Equal(tokens[i:i+last], term.Tokens[:last]) &&
				(tokens[i+last] == term.Tokens[last] || term.Prefix && strings.HasPrefix(tokens[i+last], term.Tokens[last])) {
				return true
			}
		}
		return false
	}
	return !slices.ContainsFunc(token.Parse(search), func(term token.Term) bool { return !has(term) })
}

// FuzzTokens checks for any text: the form of its tokens; that they do not depend on how the text
// is composed; and that a search finds the text by each of its fields.
func FuzzTokens(f *testing.F) {
	for _, text := range []string{
		"The quick, brown FOX", "東京タワーは高い", "重跑gen-itgc后", "Łódź ß ø \u0301x", "ภาษาไทย", "서울에서", "ｶﾞ\u3099", "a\"b* c", "\xff\x00", "1️⃣\u200b\u00ad", "שָׁלוֹם مُحَمَّد", "हिन्दी", "\uFDFA",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens := token.Text(text)
		if !utf8.ValidString(tokens) || strings.HasPrefix(tokens, " ") || strings.HasSuffix(tokens, " ") || strings.Contains(tokens, "  ") {
			t.Errorf("%q has the tokens %q", text, tokens)
		}
		for _, r := range tokens {
			if r < utf8.RuneSelf && r != ' ' && (r < 'a' || r > 'z') && (r < '0' || r > '9') || unicode.IsSpace(r) && r != ' ' {
				t.Errorf("%q has the sign %q in its tokens", text, r)
			}
		}
		if utf8.ValidString(text) {
			if other := token.Text(norm.NFD.String(text)); other != tokens {
				t.Errorf("%q has the tokens %q, and %q when it is taken apart", text, tokens, other)
			}
		}
		for _, field := range strings.Fields(text) {
			if !finds(field, text) {
				t.Errorf("%q does not find %q: %v in %q", field, text, token.Parse(field), tokens)
			}
		}
	})
}
