// Package e2e tests the whole program.
package e2e
