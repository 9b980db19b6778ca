package api

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// row is a content or a deck in a list, to which the test applies filters.
type row struct {
	ID, Status, Author, Created, Updated string
	Public                               bool
	Tags                                 []string
}

func rows(a harness.Answer, field string) []row {
	list, _ := a.At(field, "nodes").([]any)
	out := make([]row, len(list))
	for i, one := range list {
		m, _ := one.(map[string]any)
		r := row{ID: fmt.Sprint(m["id"]), Status: fmt.Sprint(m["status"]), Created: fmt.Sprint(m["createdAt"]), Updated: fmt.Sprint(m["updatedAt"])}
		author, _ := m["author"].(map[string]any)
		r.Author = fmt.Sprint(author["id"])
		r.Public, _ = m["isPublic"].(bool)
		tags, _ := m["tags"].([]any)
		for _, tag := range tags {
			r.Tags = append(r.Tags, fmt.Sprint(tag))
		}
		out[i] = r
	}
	return out
}

// subset picks up to n of some values.
func subset(random *rand.Rand, values []string, n int) []string {
	values = slices.Clone(values)
	random.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	return values[:random.IntN(n+1)]
}

// TestFiltersSelectMatchingRows combines filters at random, and compares with the same filters
// applied to the whole list.
func TestFiltersSelectMatchingRows(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	token, authors := library(h)
	const query = `query($c: ContentFilter, $p: PresentationFilter) {
		contents(first: 500, filter: $c) { totalCount nodes { id status tags createdAt updatedAt author { id } } }
		presentations(first: 500, filter: $p) { totalCount nodes { id isPublic createdAt updatedAt author { id } } } }`
	whole := h.Must(token, query, nil)
	contents, decks := rows(whole, "contents"), rows(whole, "presentations")
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // to be repeatable
	for range 150 {
		c, p := harness.Object{}, harness.Object{}
		var tests []func(row) bool // of both lists
		also := func(name string, value any, test func(row) bool) {
			c[name], p[name] = value, value
			tests = append(tests, test)
		}
		if random.IntN(3) == 0 {
			author := authors[random.IntN(2)]
			also("authorId", author, func(r row) bool { return r.Author == author })
		}
		for name, read := range map[string]func(row) string{"created": func(r row) string { return r.Created }, "updated": func(r row) string { return r.Updated }} {
			from, to := read(contents[random.IntN(len(contents))]), read(contents[random.IntN(len(contents))])
			if random.IntN(4) == 0 {
				also(name+"From", from, func(r row) bool { return read(r) >= from })
			}
			if random.IntN(4) == 0 {
				also(name+"To", to, func(r row) bool { return read(r) < to })
			}
		}
		onContents, onDecks := slices.Clone(tests), slices.Clone(tests)
		if random.IntN(3) == 0 {
			some := subset(random, []string{"DRAFT", "PUBLISHED", "ARCHIVED"}, 3)
			c["status"] = some
			onContents = append(onContents, func(r row) bool { return slices.Contains(some, r.Status) })
		}
		tags := []string{"go", "sql", "Go", "ünï", "a b", "a%", "a_", "none"}
		if random.IntN(2) == 0 {
			some := subset(random, tags, 3)
			c["tagsAny"] = some
			onContents = append(onContents, func(r row) bool {
				return slices.ContainsFunc(some, func(tag string) bool { return slices.Contains(r.Tags, tag) })
			})
		}
		if random.IntN(3) == 0 {
			some := subset(random, tags, 2)
			c["tagsAll"] = some
			onContents = append(onContents, func(r row) bool {
				return !slices.ContainsFunc(some, func(tag string) bool { return !slices.Contains(r.Tags, tag) })
			})
		}
		if random.IntN(3) == 0 {
			public := random.IntN(2) == 0
			p["isPublic"] = public
			onDecks = append(onDecks, func(r row) bool { return r.Public == public })
		}
		a := h.Must(token, query, harness.Object{"c": c, "p": p})
		for field, want := range map[string][]string{"contents": selected(contents, onContents), "presentations": selected(decks, onDecks)} {
			harness.WantList(t, fmt.Sprint(field, c, p), a.Texts("id", field, "nodes"), want...)
			if n := a.Number(field, "totalCount"); n != len(want) {
				t.Errorf("%v %v: %d %s are counted, want %d", c, p, n, field, len(want))
			}
		}
	}
}

// selected returns the ids of the rows that pass all tests.
func selected(all []row, tests []func(row) bool) []string {
	ids := []string{}
	for _, r := range all {
		if !slices.ContainsFunc(tests, func(passes func(row) bool) bool { return !passes(r) }) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func TestTagsAreCountedAndFoundByPrefix(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, tags := range [][]string{{"go", "Go", "a%b", "a_b"}, {"go", "golang", "aXb", `a\`}, {"GO", "ünï"}, {}} {
		h.CreateContent(token, harness.Object{"tags": tags})
	}
	for prefix, want := range map[string][]string{
		"": {"GO 1", "Go 1", "a%b 1", "aXb 1", `a\ 1`, "a_b 1", "go 2", "golang 1", "ünï 1"}, "go": {"go 2", "golang 1"}, "Go": {"Go 1"}, "a%": {"a%b 1"}, "a_": {"a_b 1"},
		`a\`: {`a\ 1`}, "ü": {"ünï 1"}, "golang!": {}, "'": {},
	} {
		a := h.Must(token, `query($p: String!) { tags(prefix: $p) { totalCount nodes { name count } } }`, harness.Object{"p": prefix})
		names, counts := a.Texts("name", "tags", "nodes"), a.Texts("count", "tags", "nodes")
		for i := range names {
			names[i] += " " + counts[i]
		}
		harness.WantList(t, fmt.Sprintf("tags with %q", prefix), names, want...)
		if n := a.Number("tags", "totalCount"); n != len(want) {
			t.Errorf("%d tags with %q are counted, want %d", n, prefix, len(want))
		}
	}
}

func TestSearchFindsWordsPhrasesAndPrefixes(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, c := range []harness.Object{
		{"title": "a", "content": "The quick brown fox jumps"},
		{"title": "b", "content": "the brown quick FOX"},
		{"title": "c", "description": "foxes run", "content": ""},
		{"title": "d", "tags": []string{"fox-hunt"}, "content": "not and or near"},
		{"title": "e", "content": "Crème brûlée, naïve Straße"},
		{"title": "f", "content": "a\"b {title}:x C++ 日本語 C3PO foo_bar"},
	} {
		h.CreateContent(token, c)
	}
	for search, want := range map[string]string{
		"quick fox": "ab", "QUICK": "ab", `"quick brown"`: "a", `"brown quick"`: "b", `"quick brown" jumps`: "a", "fox*": "abcd", "fox": "abd", "foxe*": "c", `"foxes ru"*`: "",
		"creme": "e", "BRÛLÉE": "e", "naive": "e", "qui* brow*": "ab", "fox NOT quick": "", "not": "d", "AND": "d", "NEAR": "d", "AND OR NOT": "d", "fox OR creme": "",
		`a"b`: "f", `{title}:x`: "f", "title:a": "", "quick -fox": "ab", "^quick": "ab", "quick + brown": "ab", "(quick)": "ab", "NEAR(quick fox)": "",
		`"quick`: "ab", `quick"`: "ab", `"" quick`: "ab", "c3po": "f", "日本語": "f", "quick\u00a0fox\n\tthe": "ab", "foo_bar": "f", "*quick": "ab", "qu**": "ab", "title": "f",
		"'; DROP TABLE contents; --": "", "fox; --": "abd", strings.Repeat("a ", 250): "af", "x'": "f", "𞤀": "", "quick 𞤀": "",
	} {
		a := h.Must(token, `query($s: String!) { contents(search: $s, orderBy: {field: TITLE, direction: ASC}) { totalCount nodes { title } } best: contents(search: $s) { totalCount } presentations(search: $s) { totalCount } }`, harness.Object{"s": search})
		if got := strings.Join(a.Texts("title", "contents", "nodes"), ""); got != want || a.Number("contents", "totalCount") != len(want) || a.Number("best", "totalCount") != len(want) {
			t.Errorf("searching %.40q finds %q, counted %d, want %q", search, got, a.Number("contents", "totalCount"), want)
		}
	}
	for _, search := range []string{`"`, "*", `""`, "***", "-", "!?", `"*"`, "\u200b", strings.Repeat("x", 501), manyWords(51)} {
		for _, field := range []string{"contents", "presentations"} {
			a := h.Ask(token, fmt.Sprintf(`query($s: String!) { %s(search: $s) { totalCount } }`, field), harness.Object{"s": search})
			harness.WantText(t, fmt.Sprintf("searching %.40q", search), a.Code(), "BAD_USER_INPUT")
		}
	}
}

// TestSearchFoldsTextAndQuestionAlike finds words whatever their case, marks and forms, and parts
// of texts in scripts without spaces.
func TestSearchFoldsTextAndQuestionAlike(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, c := range []harness.Object{
		{"title": "a", "content": "東京タワーは高い"},
		{"title": "b", "content": "ผมพูดภาษาไทย"},
		{"title": "c", "content": "서울에서 만나요"},
		{"title": "d", "content": "重跑gen-itgc后"},
		{"title": "e", "content": "Łódź, Straße, smørrebrød, Ærø, ISPARTA"},
		{"title": "f", "content": "lodz, STRASSE, smorrebrod, aero, ısparta", "tags": []string{"京都"}},
	} {
		h.CreateContent(token, c)
	}
	h.CreatePresentation(token, harness.Object{"title": "Deck", "markdown": "# 東京タワー"})
	for search, want := range map[string]string{
		"東京": "a", "京タ": "a", "東": "a", "京": "af", "い": "a", "東京*": "a", `"東京タワー"`: "a", "京東": "", "ﾀﾜｰ": "a", "ภาษา": "b", "ไทย": "b", "서울": "c", "에서": "c",
		"gen": "d", "重跑": "d", "itgc后": "d", "后": "d", "重跑gen-itgc后": "d", "lodz": "ef", "łódź": "ef", "ŁÓDŹ": "ef", "strasse": "ef", "straße": "ef", "smørre*": "ef", "smorrebrod": "ef",
		"ærø": "ef", "isparta": "ef", "京都": "f",
	} {
		a := h.Must(token, `query($s: String!) { contents(search: $s, orderBy: {field: TITLE, direction: ASC}) { nodes { title } } presentations(search: $s) { totalCount } }`, harness.Object{"s": search})
		if got := strings.Join(a.Texts("title", "contents", "nodes"), ""); got != want {
			t.Errorf("searching %q finds %q, want %q", search, got, want)
		}
		if got, want := a.Number("presentations", "totalCount") == 1, strings.Contains("東京タワー", strings.Trim(search, `*"`)) || search == "ﾀﾜｰ"; got != want {
			t.Errorf("searching %q finds the deck: %v, want %v", search, got, want)
		}
	}
}

func TestMostRelevantIsFirst(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for _, c := range []harness.Object{
		{"title": "Rust in titles", "content": ""},
		{"title": "1", "description": "about rust", "content": ""},
		{"title": "2", "content": "rust rust rust"},
		{"title": "3", "tags": []string{"rust"}, "content": ""},
		{"title": "Rust again", "content": ""},
		{"title": "4", "content": "none"},
	} {
		h.CreateContent(token, c)
	}
	deck, _ := h.CreatePresentation(token, harness.Object{"title": "A", "markdown": "# Rust\n\n---\n\nmore"})
	h.CreatePresentation(token, harness.Object{"title": "B", "description": "rust"})
	h.CreatePresentation(token, harness.Object{"title": "Rust"})
	const query = `query($at: AsOf) { contents(search: "rust", asOf: $at) { nodes { title } } presentations(search: "rust", asOf: $at) { nodes { title } } }`
	a := h.Must(token, query, nil)
	harness.WantList(t, "contents", a.Texts("title", "contents", "nodes"), "Rust again", "Rust in titles", "3", "1", "2")
	harness.WantList(t, "decks", a.Texts("title", "presentations", "nodes"), "Rust", "B", "A")
	then := h.Head().String()
	h.Mutate(token, "updatePresentation", harness.Object{"id": deck, "title": "Rust first"})
	for range 20 {
		h.CreateContent(token, harness.Object{"content": "rust " + strings.Repeat("rust ", 50)})
	}
	later := h.Must(token, query, harness.Object{"at": then})
	harness.WantText(t, "the order of then", string(later.Raw), string(a.Raw))
}

// TestSearchSeesTheLatestWrite searches right after each write: the index is a projection of its
// own, and a search waits for it.
func TestSearchSeesTheLatestWrite(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	for i := range 20 {
		word := fmt.Sprintf("word%dx", i)
		a := h.Must(token, `mutation($w: String!) { createContent(input: {title: "t", content: $w}) { query { contents(search: $w) { totalCount } } } }`, harness.Object{"w": word})
		b := h.Must(token, `query($w: String!) { contents(search: $w) { totalCount } }`, harness.Object{"w": word})
		if a.Number("createContent", "query", "contents", "totalCount") != 1 || b.Number("contents", "totalCount") != 1 {
			t.Errorf("%s is not found after it was written: %s %s", word, a.Raw, b.Raw)
		}
	}
}

// manyWords returns a search for n words.
func manyWords(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = "w" + strconv.Itoa(i)
	}
	return strings.Join(words, " ")
}

func TestDecksAreFoundByTheTextOfTheirSlidesThen(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, token := h.User(domain.Author)
	deck := h.Must(token, `mutation { createPresentation(input: {title: "Flight", markdown: "# Take-off\n\nrunway\n\n---\n\n# Cruise\n\naltitude"}) {
		position presentation { id slides { id } } errors { message } } }`, nil)
	id, slide := deck.Text("createPresentation", "presentation", "id"), deck.Text("createPresentation", "presentation", "slides", 1, "id")
	before := deck.Text("createPresentation", "position")
	h.Must(token, `mutation($id: ID!, $slide: ID!) { removeSlide(input: {presentationId: $id, slideId: $slide}) { errors { message } } }`,
		map[string]any{"id": id, "slide": slide})
	for search, want := range map[string][2]float64{
		"flight runway altitude": {1, 0}, "runway": {1, 1}, "altitude": {1, 0}, "flight runway": {1, 1}, manyWords(50): {0, 0},
	} {
		a := h.Must(token, `query($s: String!, $p: AsOf) { then: presentations(search: $s, asOf: $p) { totalCount } now: presentations(search: $s) { totalCount } }`,
			map[string]any{"s": search, "p": before})
		if then, now := a.At("then", "totalCount"), a.At("now", "totalCount"); then != want[0] || now != want[1] {
			t.Errorf("%s: found %v then and %v now, want %v", search, then, now, want)
		}
	}
}
