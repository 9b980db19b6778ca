// Package errorcode lists the codes that clients find in extensions.code of an error, and maps them
// to HTTP statuses. Errors of the GraphQL language itself carry gqlgen's codes GRAPHQL_PARSE_FAILED
// and GRAPHQL_VALIDATION_FAILED, which are not repeated here.
//
// Start with Status.
package errorcode

import (
	"net/http"

	"flightdeck/domain"
)

// Codes of errors that the domain reports.
const (
	BadUserInput         = string(domain.Invalid)
	NotFound             = string(domain.NotFound)
	Forbidden            = string(domain.Forbidden)
	AlreadyTaken         = string(domain.AlreadyTaken)
	VersionConflict      = string(domain.VersionConflict)
	IdempotencyKeyReused = string(domain.KeyReused)
	Unauthenticated      = string(domain.Unauthenticated)
	Overloaded           = string(domain.Overloaded)
	Unavailable          = string(domain.Unavailable)
)

// Codes of requests that the server refuses.
const (
	BadRequest           = "BAD_REQUEST"
	MethodNotAllowed     = "METHOD_NOT_ALLOWED"
	NotAcceptable        = "NOT_ACCEPTABLE"
	PayloadTooLarge      = "PAYLOAD_TOO_LARGE"
	UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"

	IntrospectionDisabled  = "INTROSPECTION_DISABLED"
	PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND"
	PersistedQueryOnly     = "PERSISTED_QUERY_ONLY"
)

// Codes of requests that exceed a limit. Their errors name the limit in extensions.limit and its
// value in extensions.max.
const (
	LimitExceeded = "LIMIT_EXCEEDED"
	RateLimited   = "RATE_LIMITED"
	TimedOut      = "TIMED_OUT"
	// BudgetExhausted marks an operation that turned out to be too dear while it was running.
	BudgetExhausted = "BUDGET_EXHAUSTED"
)

// Codes of requests that failed without a fault of their own.
const (
	// RequestCancelled marks a field whose request ended before the field had a value.
	RequestCancelled = "REQUEST_CANCELLED"
	// Internal marks a fault that the server found outside of the resolvers.
	Internal = "INTERNAL"
	// InternalServerError marks a fault of a resolver.
	InternalServerError = "INTERNAL_SERVER_ERROR"
)

// statuses has no entry for InternalServerError: resolvers report it beside data, with status 200.
var statuses = map[string]int{
	BadRequest:           http.StatusBadRequest,
	Unauthenticated:      http.StatusUnauthorized,
	Forbidden:            http.StatusForbidden,
	NotFound:             http.StatusNotFound,
	MethodNotAllowed:     http.StatusMethodNotAllowed,
	NotAcceptable:        http.StatusNotAcceptable,
	PayloadTooLarge:      http.StatusRequestEntityTooLarge,
	UnsupportedMediaType: http.StatusUnsupportedMediaType,
	RateLimited:          http.StatusTooManyRequests,
	Internal:             http.StatusInternalServerError,
	Overloaded:           http.StatusServiceUnavailable,
	Unavailable:          http.StatusServiceUnavailable,
	TimedOut:             http.StatusGatewayTimeout,
}

// Status returns the HTTP status of a request that was refused with a code, and 400 for a code
// without a status of its own.
func Status(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}
