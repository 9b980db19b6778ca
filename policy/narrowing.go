package policy

// MayHide reports whether an event of a type may take from somebody what they could
// see until then, earlier events included. A type that nobody has thought of may.
func MayHide(eventType string) bool {
	switch eventType {
	case "ContentCreated", "ContentUpdated", "ContentPublished",
		"PresentationCreated", "SlideAdded", "SlideUpdated", "SlideMoved", "SlideRemoved",
		"UserRegistered", "UserLoggedIn", "UserUpdated":
		return false
	}
	return true
}
