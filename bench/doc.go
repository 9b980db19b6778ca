// Command bench measures FlightDeck beside baselines, in the same run, interleaved, and prints the
// ratios: absolute figures drift with the machine, ratios do not.
//
//	go run ./bench            a short run of a minute or two
//	go run ./bench --full     the sizes of the targets
//	go run ./bench --plans    the server beside itself without the plans of package graph
//	go run ./bench --check    fails when a ratio is not even a third of its target
//
// Each axis is a file: create.go, writer.go, read.go, remember.go, list.go (which also measures the
// memory of the server and its start), stream.go, archive.go, rebuild.go, beside.go, fanout.go. The
// table axes in main.go lists them. growth.go, soak.go and plans.go measure instead of the axes.
// The baselines (baseline.go, baseline_fanout.go) do the honest minimum: the same writer, the same
// SQL, the same bytes. Each server is a process of its own on this machine; load.go and sockets.go
// are the load.
package main
