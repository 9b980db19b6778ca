package markdown

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// FrontMatter is the metadata at the top of a page.
type FrontMatter struct {
	// Format is the language of Text; "" means that the page has no front matter.
	Format Format
	// Text stands between the fences, in the normal form of [Normalise]. For JSON without fences it
	// is the whole object.
	Text string
}

// Format is a language of front matter.
type Format string

// These are the languages of front matter that static site generators read.
const (
	YAML Format = "yaml" // between --- and --- or ...
	TOML Format = "toml" // between +++ and +++
	JSON Format = "json" // between ;;; and ;;;, or an object whose { stands alone on its line
)

// CutPage parts a page into its front matter and the Markdown below. Front matter begins on the
// first line and ends at the next fence, whatever stands between; without that fence it is a part
// of the page.
func CutPage(text string) (front FrontMatter, body string) {
	text = Normalise(text)
	first, rest, more := strings.Cut(text, "\n")
	if !more {
		return FrontMatter{}, text
	}
	switch strings.TrimRight(first, " \t") {
	case "---":
		return cutAtFence(YAML, text, rest, "---", "...")
	case "+++":
		return cutAtFence(TOML, text, rest, "+++")
	case ";;;":
		return cutAtFence(JSON, text, rest, ";;;")
	case "{":
		return cutObject(text)
	}
	return FrontMatter{}, text
}

// cutAtFence cuts the text below the first fence at the next one.
func cutAtFence(format Format, text, rest string, fences ...string) (FrontMatter, string) {
	for at := 0; at < len(rest); {
		line, _, _ := strings.Cut(rest[at:], "\n")
		for _, fence := range fences {
			if strings.TrimRight(line, " \t") == fence {
				return FrontMatter{Format: format, Text: rest[:at]}, strings.TrimPrefix(rest[at+len(line):], "\n")
			}
		}
		at += len(line) + 1
	}
	return FrontMatter{}, text
}

// cutObject cuts a JSON object off the text.
func cutObject(text string) (FrontMatter, string) {
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(text[:min(len(text), maxFrontMatterBytes)]))
	if err := decoder.Decode(&object); err != nil {
		return FrontMatter{}, text
	}
	end := decoder.InputOffset()
	line, body, _ := strings.Cut(text[end:], "\n")
	if !IsBlank(line) {
		return FrontMatter{}, text
	}
	return FrontMatter{Format: JSON, Text: text[:end]}, body
}

// Metadata has the scalars and the lists of front matter by their keys. A key of a table in the
// front matter is "table.key" in TOML and JSON.
type Metadata map[string]value

// value is the value of a key: one text for a scalar, or the texts of a list.
type value struct {
	texts  []string
	scalar bool
}

// Value returns the value of a key as text; "" if there is none, or if it is no scalar.
func (m Metadata) Value(key string) string {
	if v := m[key]; v.scalar {
		return v.texts[0]
	}
	return ""
}

// List returns the scalars in the list that a key has for its value, or the value itself if that is
// a scalar.
func (m Metadata) List(key string) []string { return m[key].texts }

// Metadata reads the front matter. Text that is not of its format has no values, except that YAML
// is then read line by line.
func (f FrontMatter) Metadata() Metadata {
	values := Metadata{}
	if len(f.Text) > maxFrontMatterBytes {
		return values
	}
	switch f.Format {
	case YAML:
		lines := strings.Split(f.Text, "\n")
		fields, err := Fields(lines)
		if err != nil {
			fields = LooseFields(lines)
		}
		for _, field := range fields {
			values[field.Key] = value{texts: field.List}
			if field.Scalar {
				values[field.Key] = value{[]string{field.Value}, true}
			}
		}
	case TOML:
		var table map[string]any
		if err := toml.NewDecoder(strings.NewReader(f.Text)).Decode(&table); err == nil {
			flatten(values, "", table)
		}
	case JSON:
		var object map[string]any
		decoder := json.NewDecoder(bytes.NewReader([]byte(f.Text)))
		decoder.UseNumber()
		if err := decoder.Decode(&object); err == nil {
			flatten(values, "", object)
		}
	}
	return values
}

// flatten adds the scalars of a table and of the tables in it to values.
func flatten(values Metadata, prefix string, table map[string]any) {
	for key, entry := range table {
		switch v := entry.(type) {
		case map[string]any:
			if prefix == "" {
				flatten(values, key+".", v)
			}
		case []any:
			var list []string
			for _, element := range v {
				if text, ok := scalar(element); ok {
					list = append(list, text)
				}
			}
			values[prefix+key] = value{texts: list}
		default:
			if text, ok := scalar(v); ok {
				values[prefix+key] = value{[]string{text}, true}
			}
		}
	}
}

// scalar returns a decoded scalar as text.
func scalar(decoded any) (string, bool) {
	switch v := decoded.(type) {
	case nil, map[string]any, []any:
		return "", false
	case time.Time:
		return v.Format(time.RFC3339Nano), true
	}
	return fmt.Sprint(decoded), true
}
