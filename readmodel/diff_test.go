package readmodel_test

import (
	"slices"
	"strings"
	"testing"

	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/internal/worldtest"
	"flightdeck/readmodel"
)

// changes returns a diff as lines of path, before and after, with a + for a patch.
func changes(d *readmodel.Diff) (lines []string) {
	value := func(j *readmodel.JSON) string {
		if j == nil {
			return "-"
		}
		return string(*j)
	}
	for _, c := range d.Changes {
		line := c.Path + " " + value(c.Before) + " " + value(c.After)
		if c.Patch != nil {
			line += " +"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDiffListsTheFieldsThatDiffer(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	id := w.Content("Title", "one\ntwo\nthree\n")
	for _, cmd := range []command.Command{
		command.UpdateContent{ID: id, Title: worldtest.Some("Other"), Description: worldtest.Some("short"), Content: worldtest.Some("one\n2\nthree\n")},
		command.UpdateContent{ID: id, Description: worldtest.Some("another"), Content: worldtest.Some("one line"), Format: worldtest.Some(domain.HTML)},
		command.ArchiveContent{ContentTarget: command.ContentTarget{ID: id}},
		command.RestoreContent{Restore: command.Restore{ID: id, ToVersion: 1}},
	} {
		w.Do(domain.System, cmd)
	}
	c, err := w.Reader.Content(ctx, w.Reader.Head(domain.System), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, to int
		want     []string
	}{
		{1, 2, []string{`/title "Title" "Other"`, `/description null "short"`, `/content "one\ntwo\nthree\n" "one\n2\nthree\n" +`}},
		{2, 1, []string{`/title "Other" "Title"`, `/description "short" null`, `/content "one\n2\nthree\n" "one\ntwo\nthree\n" +`}},
		{2, 3, []string{`/description "short" "another"`, `/content "one\n2\nthree\n" "one line" +`, `/format "MARKDOWN" "HTML"`}},
		{3, 4, []string{`/status "PUBLISHED" "ARCHIVED"`}},
		{1, 5, []string{`/status "PUBLISHED" "ARCHIVED"`}},
		{3, 3, nil},
	} {
		d, err := c.Diff(ctx, test.from, &test.to)
		if err != nil || d.From != test.from || d.To != test.to || !slices.Equal(changes(d), test.want) {
			t.Errorf("from %d to %d: %v, %q, want %q", test.from, test.to, err, changes(d), test.want)
		}
	}
	d, err := c.Diff(ctx, 1, nil)
	if err != nil || d.To != 5 {
		t.Errorf("to this version: %v, %v", d, err)
	}
	if patch := *must(c.Diff(ctx, 1, new(2)))(t).Changes[2].Patch; !strings.Contains(patch, "\n-two\n+2\n") {
		t.Errorf("the patch is %s", patch)
	}
}

// must returns the result of a call, and fails on its error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestDiffComparesSlidesByThemselves(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	deck := w.Do(domain.System, command.CreatePresentation{Title: "Deck", Theme: "default", IsPublic: true}).ID
	add := func(text string) string {
		return w.Do(domain.System, command.AddSlide{PresentationID: deck, Content: text, Notes: new("psst " + text)}).SlideID
	}
	first, second := add("first"), add("second") // versions 2 and 3
	w.Do(domain.System, command.MoveSlide{PresentationID: deck, SlideID: second, To: command.Placement{Order: new(1)}})
	w.Do(domain.System, command.UpdateSlide{PresentationID: deck, SlideID: first, Content: worldtest.Some("1st"), Notes: worldtest.Some("psst again")})
	w.Do(domain.System, command.RemoveSlide{PresentationID: deck, SlideID: second})
	w.Do(domain.System, command.UpdatePresentation{ID: deck, Title: worldtest.Some("Other"), Theme: worldtest.Some("dark"), Description: worldtest.Some("text")})
	list := func(ids ...string) string { return `["` + strings.Join(ids, `","`) + `"]` }
	for _, test := range []struct {
		from, to        int
		editor, visitor []string
	}{
		{3, 4, []string{"/order " + list(first, second) + " " + list(second, first)}, []string{"/order " + list(first, second) + " " + list(second, first)}},
		{4, 5, []string{"/slides/" + first + `/content "first" "1st"`, "/slides/" + first + `/notes "psst first" "psst again"`}, []string{"/slides/" + first + `/content "first" "1st"`}},
		{
			5, 6,
			[]string{"/order " + list(second, first) + " " + list(first), "/slides/" + second + ` {"title":null,"content":"second","notes":"psst second"} -`},
			[]string{"/order " + list(second, first) + " " + list(first), "/slides/" + second + ` {"title":null,"content":"second"} -`},
		},
		{
			6, 2,
			[]string{"/slides/" + first + `/content "1st" "first"`, "/slides/" + first + `/notes "psst again" "psst first"`},
			[]string{"/slides/" + first + `/content "1st" "first"`},
		},
		{
			1, 2,
			[]string{"/order [] " + list(first), "/slides/" + first + ` - {"title":null,"content":"first","notes":"psst first"}`},
			[]string{"/order [] " + list(first), "/slides/" + first + ` - {"title":null,"content":"first"}`},
		},
		{6, 7, []string{`/title "Deck" "Other"`, `/description null "text"`, `/theme "default" "dark"`}, []string{`/title "Deck" "Other"`, `/description null "text"`, `/theme "default" "dark"`}},
	} {
		for actor, want := range map[domain.Actor][]string{domain.System: test.editor, {}: test.visitor} {
			p, err := w.Reader.Presentation(ctx, w.Reader.Head(actor), deck)
			if err != nil {
				t.Fatal(err)
			}
			if d, err := p.Diff(ctx, test.from, &test.to); err != nil || !slices.Equal(changes(d), want) {
				t.Errorf("from %d to %d by %v: %v, %q, want %q", test.from, test.to, actor, err, changes(d), want)
			}
		}
	}
}

// TestDiffShowsNoVersionThatIsHidden expects a hidden version to count as one that does not exist.
func TestDiffShowsNoVersionThatIsHidden(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	id := w.Do(domain.System, command.CreateContent{Title: "secret", Content: "secret", Format: domain.Markdown, Status: domain.Draft}).ID
	w.Do(domain.System, command.UpdateContent{ID: id, Title: worldtest.Some("public")})
	w.Do(domain.System, command.PublishContent{ContentTarget: command.ContentTarget{ID: id}})
	visitors, err := w.Reader.Content(ctx, w.Reader.Head(domain.Actor{}), id)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := w.Reader.Content(ctx, w.Reader.Head(domain.System), id)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		c        *readmodel.Content
		from, to int
		code     domain.Code
	}{
		"hidden before":   {visitors, 1, 3, domain.NotFound},
		"hidden after":    {visitors, 3, 2, domain.NotFound},
		"to come":         {mine, 1, 4, domain.NotFound},
		"not there":       {mine, 99, 3, domain.NotFound},
		"version nought":  {mine, 0, 3, domain.Invalid},
		"version below":   {mine, -1, 3, domain.Invalid},
		"the end is, too": {mine, 1, 0, domain.Invalid},
	} {
		if d, err := test.c.Diff(ctx, test.from, &test.to); domain.CodeOf(err) != test.code {
			t.Errorf("%s: %v, %v, want %s", name, d, err, test.code)
		}
	}
	// An object that was read at a moment has no later versions.
	then, err := w.Reader.Content(ctx, viewAt(2), id)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := then.Diff(ctx, 1, new(3)); domain.CodeOf(err) != domain.NotFound {
		t.Errorf("as of version 2, version 3 is %v, %v", d, err)
	}
}
