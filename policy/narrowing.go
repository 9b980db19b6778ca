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

// MayChangeSights reports whether an event of a type may change who may see what of
// earlier moments, or what is shown of them. A type that nobody has thought of may.
func MayChangeSights(eventType string) bool {
	return eventType == "ContentPublished" || MayHide(eventType)
}
