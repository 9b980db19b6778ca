// Command bench measures FlightDeck beside baselines, in the same run, interleaved,
// and prints the ratios: absolute figures drift with the machine, ratios do not.
//
//	go run ./bench            a short run of a minute or two
//	go run ./bench --full     the sizes that the targets are about
//
// Each axis is a file: create.go, read.go, list.go, serve.go. The baselines
// (baseline.go) do the honest minimum: the same writer, the same SQL, the same
// bytes. Everything runs as processes of its own, on this machine; load.go is the
// load.
package main
