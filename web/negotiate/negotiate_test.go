package negotiate_test

import (
	"net/http"
	"testing"

	"flightdeck/web/negotiate"
)

func TestAcceptChoosesAMediaTypeAndEvents(t *testing.T) {
	t.Parallel()
	const graphQL, events = negotiate.GraphQL, negotiate.Events
	for header, want := range map[string]negotiate.Accept{
		"":                              {MediaType: negotiate.JSON},
		"*/*":                           {MediaType: negotiate.JSON},
		"text/html":                     {},
		"application/*;q=0":             {},
		graphQL + ", application/json":  {MediaType: graphQL},
		graphQL + ";q=0.5, */*":         {MediaType: negotiate.JSON},
		events:                          {Events: true, OnlyEvents: true},
		events + ", */*;q=0.1":          {MediaType: negotiate.JSON, Events: true, OnlyEvents: true},
		events + ", application/json":   {MediaType: negotiate.JSON, Events: true},
		events + ";q=0, " + graphQL:     {MediaType: graphQL},
		"application/json;q=nonsense":   {MediaType: negotiate.JSON},
		";;=, application/json;q=0.001": {MediaType: negotiate.JSON},
	} {
		h := http.Header{}
		if header != "" {
			h.Set("Accept", header)
		}
		got := negotiate.ReadAccept(h)
		if got != want {
			t.Errorf("%q: got %+v, want %+v", header, got, want)
		}
		if got.Nothing() != (want == negotiate.Accept{}) || got.ForErrors() == "" {
			t.Errorf("%q: nothing %v, for errors %q", header, got.Nothing(), got.ForErrors())
		}
	}
}

func TestCodingIsTheClientsFavourite(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                            "",
		"br":                          "",
		"gzip":                        "gzip",
		"GZIP ; q=0.2":                "gzip",
		"*":                           "gzip",
		"*;q=0.5, zstd;q=0":           "gzip",
		"gzip, zstd":                  "gzip",
		"zstd, gzip":                  "gzip",
		"gzip, zstd;q=0.9":            "gzip",
		"gzip;q=nonsense, zstd;q=0.1": "zstd",
	} {
		if got := negotiate.PreferredCoding(header, negotiate.Gzip, negotiate.Zstd); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}
