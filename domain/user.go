package domain

// UserRegistered is the first event of a user. Passwords are no events: they are secrets that
// change and are erased.
type UserRegistered struct {
	UserID      string `json:"userId"`
	Email       string `json:"email"`
	DisplayName string `json:"displayName"`
	Role        Role   `json:"role"`
}

// UserLoggedIn records that a client has sent the right password of the user.
type UserLoggedIn struct {
	UserID string `json:"userId"`
}

// UserUpdated carries the changed fields; unchanged fields are absent.
type UserUpdated struct {
	UserID      string  `json:"userId"`
	Email       *string `json:"email,omitempty"`
	DisplayName *string `json:"displayName,omitempty"`
}

// UserRoleChanged gives a user another role.
type UserRoleChanged struct {
	UserID string `json:"userId"`
	Role   Role   `json:"role"`
}

// UserForgotten records that the name and the address of the user were erased, in this event and in
// all events before.
type UserForgotten struct {
	UserID string `json:"userId"`
}

func (UserForgotten) kind() Kind   { return KindUser }
func (UserRegistered) kind() Kind  { return KindUser }
func (UserLoggedIn) kind() Kind    { return KindUser }
func (UserUpdated) kind() Kind     { return KindUser }
func (UserRoleChanged) kind() Kind { return KindUser }

// User is the sum of the events of a user. The zero value is a user that does not exist.
type User struct {
	ID          string
	Version     int
	Email       string
	DisplayName string
	Role        Role
	CreatedAt   Instant
	LastLoginAt *Instant
	// Forgotten reports that the personal fields of the user are erased. They are empty in this
	// state and in the states of all earlier events.
	Forgotten bool
}

// Apply returns the user after one more event.
func (u User) Apply(event Event, at Instant) (State, error) {
	switch e := event.(type) {
	case UserRegistered:
		u.ID, u.Email, u.DisplayName, u.Role = e.UserID, e.Email, e.DisplayName, e.Role
		u.CreatedAt = at
	case UserLoggedIn:
		u.LastLoginAt = &at
	case UserUpdated:
		assign(&u.Email, e.Email)
		assign(&u.DisplayName, e.DisplayName)
	case UserRoleChanged:
		u.Role = e.Role
	case UserForgotten:
		u.Email, u.DisplayName, u.Role, u.Forgotten = "", "", Viewer, true
	default:
		return nil, foreign(u, event)
	}
	u.Version++
	return u, nil
}

// RegisterUser returns the event that begins a user. It stores the address in its normal form.
func RegisterUser(e UserRegistered) ([]Event, error) {
	e.Email = NormalEmail(e.Email)
	var f faults
	f.add(checkEmail(e.Email))
	f.add(checkLine("displayName", e.DisplayName, MaxDisplayName))
	if !e.Role.Valid() {
		f.add(Errorf(Invalid, "role %q is unknown", e.Role).At("role"))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// LogIn records a log-in with the right password.
func (u User) LogIn() ([]Event, error) {
	if err := u.mustExist(); err != nil {
		return nil, err
	}
	return []Event{UserLoggedIn{u.ID}}, nil
}

// Update changes the fields that e carries. If all fields have the wanted values already, there is
// no event.
func (u User) Update(e UserUpdated) ([]Event, error) {
	if err := u.mustExist(); err != nil {
		return nil, err
	}
	var f faults
	if e.Email != nil {
		normal := NormalEmail(*e.Email)
		e.Email = &normal
		f.add(checkEmail(normal))
	}
	if e.DisplayName != nil {
		f.add(checkLine("displayName", *e.DisplayName, MaxDisplayName))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	e.UserID = u.ID
	e.Email, e.DisplayName = changed(e.Email, u.Email), changed(e.DisplayName, u.DisplayName)
	if len(e.Changes()) == 0 {
		return nil, nil
	}
	return []Event{e}, nil
}

// Changes returns the names of the changed fields, as clients know them.
func (e UserUpdated) Changes() []string {
	return touched(named{"email", e.Email != nil}, named{"displayName", e.DisplayName != nil})
}

// ChangeRole gives the user another role. Giving the same role is not an error.
func (u User) ChangeRole(role Role) ([]Event, error) {
	if err := u.mustExist(); err != nil {
		return nil, err
	}
	if !role.Valid() {
		return nil, Errorf(Invalid, "role %q is unknown", role).At("role")
	}
	if u.Role == role {
		return nil, nil
	}
	return []Event{UserRoleChanged{u.ID, role}}, nil
}

// Forget erases the user. Forgetting twice is not an error.
func (u User) Forget() ([]Event, error) {
	switch {
	case u.Version == 0:
		return nil, Errorf(NotFound, "user does not exist").At("id")
	case u.Forgotten:
		return nil, nil
	}
	return []Event{UserForgotten{u.ID}}, nil
}

// Exists reports whether the user was registered and is not forgotten.
func (u User) Exists() bool { return u.Version > 0 && !u.Forgotten }

func (u User) mustExist() error {
	if !u.Exists() {
		return Errorf(NotFound, "user does not exist").At("id")
	}
	return nil
}
