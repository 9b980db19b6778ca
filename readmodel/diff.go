package readmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"flightdeck/budget"
	"flightdeck/domain"

	"github.com/aymanbagabas/go-udiff"
)

// Diff is the difference between two versions of an object.
type Diff struct {
	From, To int
	Changes  []*FieldChange
}

// FieldChange is a field with different values.
type FieldChange struct {
	// Path is a JSON Pointer (RFC 6901) to the field.
	Path string
	// Before and After are the values. One is nil if only one version has the field.
	Before, After *JSON
	// Patch is a unified diff, nil for values without line breaks and for long texts.
	Patch *string
}

// maxPatch bounds the two texts of a patch together, in bytes.
const maxPatch = 256 << 10

// Diff returns the difference between two versions of the content; nil for to means the present
// one. It fails for a version that does not exist or that the view may not see.
func (c *Content) Diff(ctx context.Context, from int, to *int) (*Diff, error) {
	before, after, err := twoRevisions(c, c.Version, from, to, func(version int) (*Content, error) { return c.Revision(ctx, &version, nil) })
	if err != nil {
		return nil, err
	}
	d := differ{ctx: ctx, reader: c.answer.reader}
	d.text("/title", before.Title, after.Title)
	d.text("/slug", before.Slug, after.Slug)
	d.optional("/description", before.Description, after.Description)
	d.text("/content", before.Content, after.Content)
	d.value("/format", before.Format, after.Format)
	d.value("/status", before.Status, after.Status)
	d.value("/tags", before.Tags, after.Tags)
	if d.err != nil {
		return nil, d.err
	}
	return &Diff{before.Version, after.Version, d.changes}, nil
}

// Diff returns the difference between two versions of the deck; nil for to means the present one.
// It compares slides by their ids, and their order as a list of ids. It fails for a version that
// does not exist or that the view may not see.
func (p *Presentation) Diff(ctx context.Context, from int, to *int) (*Diff, error) {
	before, after, err := twoRevisions(p, p.Version, from, to, func(version int) (*Presentation, error) { return p.Revision(ctx, &version, nil) })
	if err != nil {
		return nil, err
	}
	d := differ{ctx: ctx, reader: p.answer.reader}
	d.text("/title", before.Title, after.Title)
	d.optional("/description", before.Description, after.Description)
	d.text("/theme", before.Theme, after.Theme)
	d.value("/isPublic", before.IsPublic, after.IsPublic)
	d.value("/order", before.SlideIDs, after.SlideIDs)
	if err := d.slides(ctx, before, after); err != nil {
		return nil, err
	}
	if d.err != nil {
		return nil, d.err
	}
	return &Diff{before.Version, after.Version, d.changes}, nil
}

// twoRevisions loads the versions of a diff. this is the version current, which needs no loading.
func twoRevisions[T any](this *T, current, from int, to *int, load func(int) (*T, error)) (before, after *T, err error) {
	after = this
	if to != nil && *to != current {
		if after, err = load(*to); err != nil {
			return nil, nil, err
		}
	}
	if before, err = load(from); err != nil {
		return nil, nil, err
	}
	if before == nil {
		return nil, nil, domain.Errorf(domain.NotFound, "version %d does not exist", from).At("from")
	}
	if after == nil {
		return nil, nil, domain.Errorf(domain.NotFound, "version %d does not exist", *to).At("to")
	}
	return before, after, nil
}

func (d *differ) slides(ctx context.Context, before, after *Presentation) error {
	was, err := before.Slides(ctx)
	if err != nil {
		return err
	}
	is, err := after.Slides(ctx)
	if err != nil {
		return err
	}
	old := make(map[string]*Slide, len(was))
	for _, s := range was {
		old[s.ID] = s
	}
	for _, s := range is {
		d.slide("/slides/"+s.ID, old[s.ID], s)
		delete(old, s.ID)
	}
	for _, s := range was {
		if old[s.ID] != nil {
			d.slide("/slides/"+s.ID, s, nil)
		}
	}
	return nil
}

// slide compares two states of a slide. A nil state means that the deck does not have the slide.
func (d *differ) slide(path string, before, after *Slide) {
	switch {
	case before == nil:
		d.add(path, nil, d.json(slideFields(after)), nil)
	case after == nil:
		d.add(path, d.json(slideFields(before)), nil, nil)
	default:
		d.optional(path+"/title", before.Title, after.Title)
		d.text(path+"/content", before.Content, after.Content)
		d.optional(path+"/notes", before.Notes(), after.Notes())
	}
}

func slideFields(s *Slide) any {
	return struct {
		Title   *string `json:"title"`
		Content string  `json:"content"`
		Notes   *string `json:"notes,omitempty"`
	}{s.Title, s.Content, s.Notes()}
}

// differ collects changes. After its first error it does nothing more.
type differ struct {
	ctx     context.Context //nolint:containedctx // of the one call that the differ serves
	reader  *Reader
	changes []*FieldChange
	err     error
}

func (d *differ) add(path string, before, after *JSON, patch *string) {
	d.changes = append(d.changes, &FieldChange{path, before, after, patch})
}

func (d *differ) json(v any) *JSON {
	data, err := json.Marshal(v)
	if err != nil {
		d.err = fmt.Errorf("show a change: %w", err)
	}
	j := JSON(data)
	return &j
}

// value compares two values in JSON.
func (d *differ) value(path string, before, after any) {
	b, a := d.json(before), d.json(after)
	if string(*b) != string(*a) {
		d.add(path, b, a, nil)
	}
}

// optional compares two texts, either of which may be nil.
func (d *differ) optional(path string, before, after *string) {
	if before != nil && after != nil {
		d.text(path, *before, *after)
		return
	}
	d.value(path, before, after)
}

// text compares two texts, line by line if one has several lines. It spends both of the budget.
func (d *differ) text(path, before, after string) {
	if before == after || d.err != nil {
		return
	}
	if d.err = budget.From(d.ctx).Bytes(len(before) + len(after)); d.err != nil {
		return
	}
	var patch *string
	if long := strings.Contains(before, "\n") || strings.Contains(after, "\n"); long && len(before)+len(after) <= maxPatch {
		done, err := d.reader.Turn(d.ctx)
		if err != nil {
			d.err = err
			return
		}
		p := udiff.Unified("before", "after", before, after)
		done()
		patch = &p
	}
	d.add(path, d.json(before), d.json(after), patch)
}
