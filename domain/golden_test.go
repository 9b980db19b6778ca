package domain_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"flightdeck/domain"
)

var update = flag.Bool("update", false, "create the missing golden files; existing files are never changed")

// sample is an event and the golden file that freezes its JSON. The name of the file holds the
// event, the schema version and, for all but the first file of a version, a word for its
// particularity.
type sample struct {
	file  string
	event domain.Event
}

// samples are all events. The first of each name has every field set.
var samples = []sample{
	{"ContentCreated.v1", domain.ContentCreated{
		ContentID: contentID, Title: `Title <b> & "quoted" ü ☃`, Slug: "a/title", Description: new("About it"), Content: "# Text\n\n\tcode\\\u2028",
		Format: domain.Markdown, AuthorID: authorID, Tags: []string{"a", "b"}, Status: domain.Draft,
	}},
	{"ContentCreated.v1.least", domain.ContentCreated{ContentID: contentID, Title: "Title", Slug: "title", Format: domain.JSON, Status: domain.Published}},
	{"ContentUpdated.v1", domain.ContentUpdated{
		ContentID: contentID, Title: new("Other"), Slug: new("other"), Description: domain.Set("Other"), Content: new("Other"),
		Format: new(domain.HTML), Tags: []string{"c"},
	}},
	{"ContentUpdated.v1.cleared", domain.ContentUpdated{ContentID: contentID, Description: domain.Clear[string](), Content: new(""), Tags: []string{}}},
	{"ContentUpdated.v1.one", domain.ContentUpdated{ContentID: contentID, Slug: new("other")}},
	{"ContentPublished.v1", domain.ContentPublished{ContentID: contentID}},
	{"ContentUnpublished.v1", domain.ContentUnpublished{ContentID: contentID}},
	{"ContentArchived.v1", domain.ContentArchived{ContentID: contentID}},
	{"ContentDeleted.v1", domain.ContentDeleted{ContentID: contentID}},
	{"ContentRestored.v1", domain.ContentRestored{
		ContentID: contentID, FromVersion: 3, Title: "Title", Slug: "title", Description: new("About it"), Content: "Text",
		Format: domain.Plaintext, Tags: []string{"a", "b"}, Status: domain.Archived,
	}},
	{"ContentRestored.v1.least", domain.ContentRestored{
		ContentID: contentID, FromVersion: 1, Title: "Title", Slug: "title", Format: domain.Markdown, Status: domain.Draft,
	}},

	{"PresentationCreated.v1", domain.PresentationCreated{
		PresentationID: deckID, Title: "Deck", Description: new("About it"), AuthorID: authorID, Theme: "night", IsPublic: true, FrontMatter: "lang: en\n",
	}},
	{"PresentationCreated.v1.least", domain.PresentationCreated{PresentationID: deckID, Title: "Deck", Theme: "day"}},
	{"PresentationUpdated.v1", domain.PresentationUpdated{
		PresentationID: deckID, Title: new("Other"), Description: domain.Set(""), Theme: new("day"), IsPublic: new(true),
	}},
	{"PresentationUpdated.v1.cleared", domain.PresentationUpdated{PresentationID: deckID, Description: domain.Clear[string](), IsPublic: new(false)}},
	{"PresentationDeleted.v1", domain.PresentationDeleted{PresentationID: deckID}},
	{"PresentationRestored.v1", domain.PresentationRestored{
		PresentationID: deckID, FromVersion: 2, Title: "Deck", Description: new("About it"), Theme: "night", IsPublic: true, FrontMatter: "lang: en\n",
		Slides: []domain.RestoredSlide{{SlideID: slideID(1), Title: new("One"), Content: "# One", Notes: new("say one")}, {SlideID: slideID(2)}},
	}},
	{"PresentationRestored.v1.empty", domain.PresentationRestored{
		PresentationID: deckID, FromVersion: 1, Title: "Deck", Theme: "night", Slides: []domain.RestoredSlide{},
	}},
	{"SlideAdded.v1", domain.SlideAdded{
		PresentationID: deckID, SlideID: slideID(2), Title: new("Two"), Content: "# Two", Notes: new("say two"), After: slideID(1),
	}},
	{"SlideAdded.v1.first", domain.SlideAdded{PresentationID: deckID, SlideID: slideID(1), Content: "# One"}},
	{"SlideUpdated.v1", domain.SlideUpdated{
		PresentationID: deckID, SlideID: slideID(1), Title: domain.Set("Other"), Content: new("Other"), Notes: domain.Set("Other"),
	}},
	{"SlideUpdated.v1.cleared", domain.SlideUpdated{
		PresentationID: deckID, SlideID: slideID(1), Title: domain.Clear[string](), Notes: domain.Clear[string](),
	}},
	{"SlideMoved.v1", domain.SlideMoved{PresentationID: deckID, SlideID: slideID(2), After: slideID(3)}},
	{"SlideMoved.v1.first", domain.SlideMoved{PresentationID: deckID, SlideID: slideID(2)}},
	{"SlideRemoved.v1", domain.SlideRemoved{PresentationID: deckID, SlideID: slideID(2)}},

	{"UserRegistered.v1", domain.UserRegistered{UserID: userID, Email: "ann@example.org", DisplayName: "Ann", Role: domain.Author}},
	{"UserLoggedIn.v1", domain.UserLoggedIn{UserID: userID}},
	{"UserUpdated.v1", domain.UserUpdated{UserID: userID, Email: new("bob@example.org"), DisplayName: new("Bob")}},
	{"UserUpdated.v1.one", domain.UserUpdated{UserID: userID, DisplayName: new("Bob")}},
	{"UserRoleChanged.v1", domain.UserRoleChanged{UserID: userID, Role: domain.Editor}},
	{"UserForgotten.v1", domain.UserForgotten{UserID: userID}},
}

// TestStoredEventsKeepTheirJSON compares what every event is written as, and is read as, with the
// files that say so for ever.
func TestStoredEventsKeepTheirJSON(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		t.Run(s.file, func(t *testing.T) {
			t.Parallel()
			name, version, data, err := domain.Encode(s.event)
			if err != nil {
				t.Fatal(err)
			}
			if prefix := fmt.Sprintf("%s.v%d", name, version); s.file != prefix && !strings.HasPrefix(s.file, prefix+".") {
				t.Fatalf("it is stored as %s: give it a golden file of that version, and keep the old one", prefix)
			}
			golden := readGolden(t, s.file, data)
			if !bytes.Equal(data, golden) {
				t.Errorf("it is written as\n%s, want\n%s", data, golden)
			}
			if e, err := domain.Decode(name, version, golden); err != nil || !reflect.DeepEqual(e, s.event) {
				t.Errorf("it is read as %#v, error %v, want %#v", e, err, s.event)
			}
		})
	}
}

func goldenPath(file string) string { return filepath.Join("frozen", file+".json") }

// readGolden returns the JSON of a golden file, without the end of its line. It makes the file
// where there is none and -update was given.
func readGolden(t *testing.T, file string, create []byte) []byte {
	t.Helper()
	golden, err := os.ReadFile(goldenPath(file))
	if errors.Is(err, fs.ErrNotExist) && *update {
		golden = append(slices.Clone(create), '\n')
		err = os.WriteFile(goldenPath(file), golden, 0o644)
	}
	if err != nil {
		t.Fatalf("%v: if the event is new, create its golden file with go test ./domain -update", err)
	}
	golden, ok := bytes.CutSuffix(golden, []byte("\n"))
	if !ok {
		t.Fatalf("%s does not end with a line", file)
	}
	return golden
}

// TestEveryEventHasAGoldenFile of each of its schema versions, and every golden file an event that
// reads it.
func TestEveryEventHasAGoldenFile(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(goldenPath("*"))
	if err != nil {
		t.Fatal(err)
	}
	frozen := map[string]bool{}
	for _, path := range paths {
		file := strings.TrimSuffix(filepath.Base(path), ".json")
		frozen[file] = true
		name, version := parseGolden(t, file)
		if _, err := domain.Decode(name, version, readGolden(t, file, nil)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	sampled := map[string]int{}
	for _, s := range samples {
		name, version, _, err := domain.Encode(s.event)
		if err != nil {
			t.Fatal(err)
		}
		sampled[name] = version
	}
	for _, name := range domain.EventNames() {
		if sampled[name] == 0 {
			t.Errorf("%s has no sample", name)
		}
		for version := 1; version <= sampled[name]; version++ {
			if file := fmt.Sprintf("%s.v%d", name, version); !frozen[file] && !*update {
				t.Errorf("%s.json is missing", file)
			}
		}
	}
}

// parseGolden returns the name and the schema version that a file is about.
func parseGolden(t *testing.T, file string) (name string, version int) {
	t.Helper()
	parts := strings.Split(file, ".")
	if len(parts) < 2 {
		t.Fatalf("%s.json is not named after an event and a version", file)
	}
	version, err := strconv.Atoi(strings.TrimPrefix(parts[1], "v"))
	if err != nil {
		t.Fatalf("%s.json is not named after an event and a version: %v", file, err)
	}
	return parts[0], version
}

// TestGoldenFilesFreezeEveryField refuses a field that no golden file holds, since such a field
// could be renamed unnoticed. A new field needs a new schema version.
func TestGoldenFilesFreezeEveryField(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		if strings.Count(s.file, ".") > 1 {
			continue
		}
		v := reflect.ValueOf(s.event)
		for field := range v.Type().Fields() {
			if v.FieldByIndex(field.Index).IsZero() {
				t.Errorf("%s: %s is not set", s.file, field.Name)
			}
		}
	}
}

func TestTheTableOfEventsHasEachNameOnce(t *testing.T) {
	t.Parallel()
	names := domain.EventNames()
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names are %v", names)
	}
}
