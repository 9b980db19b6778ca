// Package playground serves GraphiQL: a page of this repository, and the files of GraphiQL that
// fetch.sh has put into lib. All of them are embedded, so that the page needs no network.
//
// Start with New.
package playground

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"

	"flightdeck/web/negotiate"
)

// files are the page, its script and style sheet, and GraphiQL.
//
//go:embed index.html flightdeck.* lib/*.js lib/*.css
var files embed.FS

// policy is the page's Content-Security-Policy: the page loads from this server alone and talks to
// it alone. It is relaxed for GraphiQL in three places:
//
//   - style-src 'unsafe-inline': GraphiQL's dialogs insert a <style> element that stops the page
//     behind them from scrolling. Its text holds the width of the scroll bar, so that no hash fits,
//     and a nonce would be the same for all visitors.
//   - img-src and font-src data: GraphiQL's style sheet carries its icons and fonts inline.
//
// Scripts are not relaxed: nothing inline, no eval. CSP level 3 covers the API's websocket with
// connect-src 'self'.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// contentTypes are media types by file extension. The system's own table may differ.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// asset is one file of the playground.
type asset struct {
	content     []byte
	hash        string // of the content; part of the asset's address, whose content never changes
	contentType string
	compressed  func() []byte
}

// newAsset returns an asset that is compressed at its first use: most processes never show the
// playground.
func newAsset(name string, content []byte) *asset {
	sum := sha256.Sum256(content)
	return &asset{
		content:     content,
		hash:        hex.EncodeToString(sum[:8]),
		contentType: contentTypes[path.Ext(name)],
		compressed:  sync.OnceValue(func() []byte { return compress(content) }),
	}
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer accepts every write
	}
	return b.Bytes()
}

// Playground is GraphiQL: a page, and the files that it loads.
type Playground struct {
	page   *asset
	assets map[string]*asset
}

// New returns the playground. It panics if the page names a file that is not embedded, which the
// tests of this package would have found.
func New() *Playground {
	p := &Playground{assets: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		p.assets[path.Base(name)] = newAsset(name, content)
		return err
	})
	if err != nil {
		panic(err)
	}
	source := p.assets["index.html"]
	delete(p.assets, "index.html")
	page := template.Must(template.New("page").Funcs(template.FuncMap{"asset": p.url}).Parse(string(source.content)))
	var b bytes.Buffer
	if err := page.Execute(&b, nil); err != nil {
		panic(err)
	}
	p.page = newAsset("index.html", b.Bytes())
	return p
}

// url returns the address of an asset, relative to the page at /playground.
func (p *Playground) url(name string) string {
	return "playground/assets/" + p.assets[name].hash + "/" + name
}

// ServePage serves the page.
func (p *Playground) ServePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Cache-Control", "no-cache")
	p.page.serve(w, r)
}

// Assets returns the handler of the assets, whose pattern has the wildcards hash and name. It
// leaves requests for other files to missing.
func (p *Playground) Assets(missing http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, ok := p.assets[r.PathValue("name")]
		if !ok || a.hash != r.PathValue("hash") {
			missing(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		a.serve(w, r)
	}
}

// serve sends the asset, or 304 to a client that has it.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Add("Vary", "Accept-Encoding")
	content, tag := a.content, a.hash
	if negotiate.PreferredCoding(r.Header.Get("Accept-Encoding"), negotiate.Gzip) != "" {
		content, tag = a.compressed(), a.hash+"-gzip"
		h.Set("Content-Encoding", negotiate.Gzip)
	}
	h.Set("ETag", strconv.Quote(tag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
