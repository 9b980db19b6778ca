package policy

// CanRevoke reports whether an event of a type can revoke an actor's view of objects, or of their
// earlier events. An unknown type can.
func CanRevoke(eventType string) bool {
	switch eventType {
	case "ContentCreated", "ContentUpdated", "ContentPublished",
		"PresentationCreated", "SlideAdded", "SlideUpdated", "SlideMoved", "SlideRemoved",
		"UserRegistered", "UserLoggedIn", "UserUpdated":
		return false
	}
	return true
}

// CanChangeVisibility reports whether an event of a type can change the visibility of the earlier
// moments of objects, for any actor. An unknown type can.
func CanChangeVisibility(eventType string) bool {
	return eventType == "ContentPublished" || CanRevoke(eventType)
}
