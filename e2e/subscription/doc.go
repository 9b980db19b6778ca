// Package subscription tests that a subscriber receives every event that it may see once and in
// order, over websockets and event streams, through restarts, faults and crowds.
package subscription
