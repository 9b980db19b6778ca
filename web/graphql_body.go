package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"flightdeck/graph/errorcode"

	"flightdeck/web/negotiate"
)

// readBody reads the body of a POST.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.config.MaxBody))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		message := fmt.Sprintf("the body is larger than %d bytes: send less, or raise the limit with flightdeck serve --limit-body", large.Limit)
		return nil, &refusal{errorcode.PayloadTooLarge, message}
	}
	if err != nil {
		return nil, badRequest("the body could not be read to its end")
	}
	return data, nil
}

// checkContentType accepts JSON in UTF-8 only. What a browser sends from another
// site without asking, forms and plain text, is thereby refused.
func checkContentType(h http.Header) error {
	if h.Get("Content-Type") == negotiate.JSON && len(h["Content-Encoding"]) == 0 {
		return nil // what nearly everybody sends
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	plain := charset == "" || strings.EqualFold(charset, "utf-8")
	encoding := h.Get("Content-Encoding")
	if err == nil && mediaType == negotiate.JSON && plain && (encoding == "" || encoding == "identity") {
		return nil
	}
	message := "send the request as JSON in UTF-8, uncompressed, with Content-Type: " + negotiate.JSON
	return &refusal{errorcode.UnsupportedMediaType, message}
}
