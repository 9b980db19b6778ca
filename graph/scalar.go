package graph

import (
	"flightdeck/graph/model"
	"flightdeck/readmodel"
)

// Scalars returns, by the names of the scalars that inputs have beside those of the specification,
// a function that returns an error for what is no value of the scalar.
func Scalars() map[string]func(value any) error {
	return map[string]func(any) error{
		"AsOf": func(v any) error { return new(readmodel.AsOf).UnmarshalGQL(v) },
		"DateTime": func(v any) error {
			_, err := model.UnmarshalDateTime(v)
			return err
		},
		"Position": func(v any) error {
			_, err := model.UnmarshalPosition(v)
			return err
		},
	}
}
