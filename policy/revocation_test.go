package policy_test

import (
	"testing"

	"flightdeck/policy"
)

// TestOnlyEventsThatAddRevokeNothing expects all other types, and unknown ones, to revoke.
func TestOnlyEventsThatAddRevokeNothing(t *testing.T) {
	t.Parallel()
	for name, revokes := range map[string]bool{
		"ContentCreated": false, "ContentUpdated": false, "ContentPublished": false, "SlideAdded": false, "UserUpdated": false,
		"ContentUnpublished": true, "ContentArchived": true, "ContentDeleted": true, "ContentRestored": true,
		"PresentationUpdated": true, "PresentationDeleted": true, "PresentationRestored": true,
		"UserRoleChanged": true, "UserForgotten": true, "OfALaterVersion": true,
	} {
		if got := policy.CanRevoke(name); got != revokes {
			t.Errorf("CanRevoke(%s) is %t, want %t", name, got, revokes)
		}
		if got, want := policy.CanChangeVisibility(name), revokes || name == "ContentPublished"; got != want {
			t.Errorf("CanChangeVisibility(%s) is %t, want %t", name, got, want)
		}
	}
}
