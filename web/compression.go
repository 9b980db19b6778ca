package web

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	codingGzip = "gzip"
	codingZstd = "zstd"
	// minCompressed is the least size, in bytes, of an answer that is compressed. What
	// is shorter goes out in the first few packets anyway.
	minCompressed = 4 << 10
)

// preferredCoding returns which of the codings that we offer, the best first, an
// Accept-Encoding header likes most (RFC 9110, section 12.5.3); "" for none.
func preferredCoding(accept string, offered ...string) string {
	if accept == "" {
		return ""
	}
	quality := map[string]float64{}
	for part := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(part, ";")
		q := 1.0
		if weight, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			q, _ = strconv.ParseFloat(weight, 64) //nolint:errcheck // what is no number is 0
		}
		quality[strings.ToLower(strings.TrimSpace(coding))] = q
	}
	best, liked := "", 0.0
	for _, coding := range offered {
		if q := qualityOf(quality, coding, "*"); q > liked {
			best, liked = coding, q
		}
	}
	return best
}

// compressed returns an answer in a coding, and the coding: "" where the answer is
// too short to be worth it.
func compressed(body []byte, coding string) ([]byte, string) {
	if coding == "" || len(body) < minCompressed {
		return body, ""
	}
	if coding == codingZstd {
		return zstdEncoder().EncodeAll(body, make([]byte, 0, len(body)/4)), coding
	}
	var b bytes.Buffer
	w := gzipWriters.Get().(*gzip.Writer) //nolint:errcheck // nothing else is in the pool
	defer gzipWriters.Put(w)
	w.Reset(&b)
	_, err := w.Write(body)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes(), coding
}

// zstdEncoder returns the encoder of all answers: it is safe to be shared. Its window
// is far below the 8 MiB that clients have to support (RFC 9659).
var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
})

var gzipWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}
