package policy_test

import (
	"testing"

	"flightdeck/policy"
)

// What only adds, or changes what is shown in any case, hides nothing; of all else one
// has to assume that it may.
func TestEventsThatMayHide(t *testing.T) {
	t.Parallel()
	for name, hides := range map[string]bool{
		"ContentCreated": false, "ContentUpdated": false, "ContentPublished": false, "SlideAdded": false, "UserUpdated": false,
		"ContentUnpublished": true, "ContentArchived": true, "ContentDeleted": true, "ContentRestored": true,
		"PresentationUpdated": true, "PresentationDeleted": true, "PresentationRestored": true,
		"UserRoleChanged": true, "UserForgotten": true, "OfALaterVersion": true,
	} {
		if got := policy.MayHide(name); got != hides {
			t.Errorf("%s may hide: %t, want %t", name, got, hides)
		}
		if got, want := policy.MayChangeSights(name), hides || name == "ContentPublished"; got != want {
			t.Errorf("%s may change who sees what: %t, want %t", name, got, want)
		}
	}
}
