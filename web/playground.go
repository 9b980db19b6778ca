package web

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
)

// playgroundFiles are our own page and, in lib, what fetch.sh has put there.
//
//go:embed playground/index.html playground/flightdeck.* playground/lib/*.js playground/lib/*.css
var playgroundFiles embed.FS

// playgroundPolicy lets the page load from this server alone and talk to it alone.
// It is relaxed for GraphiQL in three places:
//
//   - style-src 'unsafe-inline': its dialogs insert a <style> element to stop the page
//     behind them from scrolling. Its text holds the width of the scroll bar, so that
//     no hash fits, and a nonce would be the same for everybody.
//   - img-src and font-src data: its style sheet carries its icons and fonts inline.
//
// Scripts are not relaxed: nothing inline, no eval. That the API's websocket is
// covered by connect-src 'self' is CSP level 3.
const playgroundPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// contentTypes by file extension: the system's own table may say otherwise.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// asset is one file of the playground.
type asset struct {
	content     []byte
	hash        string // of the content, in its address: what is there never changes
	contentType string
	compressed  func() []byte
}

// newAsset compresses lazily: most processes never show the playground.
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
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// playground is GraphiQL: a page, and the files it loads.
type playground struct {
	page   *asset
	assets map[string]*asset
}

// newPlayground panics when the embedded files are not those that the page names,
// which a test of this package would have found.
func newPlayground() *playground {
	p := &playground{assets: map[string]*asset{}}
	err := fs.WalkDir(playgroundFiles, "playground", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := playgroundFiles.ReadFile(name)
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

// url returns the address of an asset, seen from the page.
func (p *playground) url(name string) string {
	return "playground/assets/" + p.assets[name].hash + "/" + name
}

func (p *playground) servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", playgroundPolicy)
	w.Header().Set("Cache-Control", "no-cache")
	p.page.serve(w, r)
}

func (p *playground) serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("name")]
	if !ok || a.hash != r.PathValue("hash") {
		writeRefusal(w, mediaJSON, errNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	a.serve(w, r)
}

// serve sends the asset, or that the client's copy is still good.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Add("Vary", "Accept-Encoding")
	content, tag := a.content, a.hash
	if preferredCoding(r.Header.Get("Accept-Encoding"), codingGzip) != "" {
		content, tag = a.compressed(), a.hash+"-gzip"
		h.Set("Content-Encoding", codingGzip)
	}
	h.Set("ETag", strconv.Quote(tag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
