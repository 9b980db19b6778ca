package negotiate

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The codings of answers.
const (
	Gzip = "gzip"
	Zstd = "zstd"
)

// MinCompressed is the least size, in bytes, of an answer that is compressed. A shorter one fits
// into the first few packets anyway.
const MinCompressed = 4 << 10

// PreferredCoding returns the offered coding with the highest quality in a header Accept-Encoding,
// and "" if the client takes none. Of codings with equal quality it returns the one that was
// offered first.
func PreferredCoding(accept string, offered ...string) string {
	if accept == "" {
		return ""
	}
	q := readQualities(accept, 0)
	best, highest := "", 0.0
	for _, coding := range offered {
		if weight := q.of(coding, "*"); weight > highest {
			best, highest = coding, weight
		}
	}
	return best
}

// Compress returns an answer in a coding, and the coding: "", and the answer itself, for an answer
// shorter than MinCompressed.
func Compress(body []byte, coding string) ([]byte, string) {
	if coding == "" || len(body) < MinCompressed {
		return body, ""
	}
	if coding == Zstd {
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
		panic(err) // a buffer accepts every write
	}
	return b.Bytes(), coding
}

// zstdEncoder returns the encoder of all answers, which is safe for concurrent use. Its window is
// far below the 8 MiB that clients have to support (RFC 9659).
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
