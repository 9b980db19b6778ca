// Command bench measures FlightDeck beside baselines, in the same run, interleaved,
// and prints the ratios: absolute figures drift with the machine, ratios do not.
//
//	go run ./bench            a short run of a minute or two
//	go run ./bench --full     the sizes that the targets are about
//
//	go run ./bench --plans    the server beside itself without the plans of package graph
//	go run ./bench --check    fails when a ratio is not even half its target
//
// Each axis is a file: create.go, writer.go, read.go, remember.go, list.go, serve.go, stream.go,
// archive.go, rebuild.go, fanout.go. The baselines (baseline.go, baseline_fanout.go) do the honest
// minimum: the same writer, the same SQL, the same bytes. Everything runs as processes of its own,
// on this machine; load.go and sockets.go are the load.
package main
