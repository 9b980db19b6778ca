package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"flightdeck/web/limit"
)

var here, there = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")

func TestWorkIsCountedByAddressAndKind(t *testing.T) {
	t.Parallel()
	f := limit.NewInFlight()
	first, second := f.Enter(here, limit.Operations, 2), f.Enter(here, limit.Operations, 2)
	if first == nil || second == nil {
		t.Fatal("refused within the limit")
	}
	if f.Enter(here, limit.Operations, 2) != nil {
		t.Error("admitted a third operation of two")
	}
	if f.Enter(there, limit.Operations, 2) == nil || f.Enter(here, limit.Connections, 2) == nil {
		t.Error("counted another address or another kind")
	}
	if f.Enter(here, limit.Operations, 0) == nil {
		t.Error("0 refuses")
	}
	second()
	first()
	if f.Enter(here, limit.Operations, 2) == nil {
		t.Error("counted work that has ended")
	}
}

func TestAttemptsComeBackOverAMinute(t *testing.T) {
	t.Parallel()
	a := limit.NewAttempts(map[string]int{"logIn": 2})
	now := time.Unix(0, 0)
	for range 2 {
		if err := a.Count("logIn", here, "ada", now); err != nil {
			t.Fatal(err)
		}
	}
	refused := a.Count("logIn", here, "", now)
	if refused == nil || refused.Extensions["code"] != "RATE_LIMITED" || refused.Extensions["retryAfter"] != 30 {
		t.Errorf("the third attempt of an address: %v", refused)
	}
	if a.Count("logIn", there, "ada", now) == nil {
		t.Error("admitted the third attempt of an actor")
	}
	if err := a.Count("logIn", there, "", now); err != nil {
		t.Errorf("a refused attempt was counted for its address: %v", err)
	}
	if err := a.Count("logIn", here, "ada", now.Add(30*time.Second)); err != nil {
		t.Errorf("after half a minute: %v", err)
	}
}

func TestAttemptsOfAFieldMayCountWithAMemberOnly(t *testing.T) {
	t.Parallel()
	a := limit.NewAttempts(map[string]int{"logIn": 2, "registerUser": 0, "updateUser.email": 2})
	email := map[string]any{"input": map[string]any{"email": nil}}
	for _, test := range []struct {
		field     string
		arguments map[string]any
		want      string
	}{
		{"logIn", nil, "logIn"},
		{"registerUser", nil, ""},
		{"createContent", email, ""},
		{"updateUser", email, "updateUser.email"},
		{"updateUser", map[string]any{"input": map[string]any{"displayName": "Ada"}}, ""},
		{"updateUser", nil, ""},
	} {
		if got := a.LimitOf(test.field, func() map[string]any { return test.arguments }); got != test.want {
			t.Errorf("%s with %v has the limit %q, want %q", test.field, test.arguments, got, test.want)
		}
	}
}
