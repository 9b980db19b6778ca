package account

import (
	"context"
	"testing"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
	"flightdeck/e2e/harness"
)

// TestARequestThatIsUnderWayGrantsNothingOnceItsRightsHaveEnded tries each way of granting after
// each way of ending. A request is authenticated when it begins: begun is its context.
func TestARequestThatIsUnderWayGrantsNothingOnceItsRightsHaveEnded(t *testing.T) {
	t.Parallel()
	type request struct {
		h             *harness.Harness
		begun         context.Context
		id, token     string
		admin, keyID  string // another admin's token, and the id of the key if the request has one
		other, secret string // another user, and the asker's password
	}
	do := func(cmd func(r request) command.Command) func(request) error {
		return func(r request) error { _, err := r.h.Commands.Do(r.begun, cmd(r)); return err }
	}
	grants := map[string]func(request) error{
		"a role": do(func(r request) command.Command { return command.ChangeRole{ID: r.id, Role: domain.Admin} }),
		"an account": do(func(request) command.Command {
			return command.CreateUser{Email: "more@example.org", DisplayName: "More", Role: domain.Admin}
		}),
		"a password": do(func(r request) command.Command { return command.ResetPassword{ID: r.other, Password: "battery staple"} }),
		"forgetting": do(func(r request) command.Command { return command.ForgetUser{ID: r.other} }),
		"a text":     do(func(request) command.Command { return harness.NewContent("More", domain.Published) }),
		"a batch": do(func(request) command.Command {
			return command.Batch{Commands: []command.Command{harness.NewContent("B", domain.Draft)}}
		}),
		"a revocation": do(func(request) command.Command { return command.RevokeAPIKey{ID: "apikey-none"} }),
		"a key": func(r request) error {
			_, _, _, err := r.h.Commands.CreateKey(r.begun, command.CreateAPIKey{Name: "more", Role: domain.Admin})
			return err
		},
		"a session": func(r request) error { _, err := r.h.Commands.Renew(r.begun, r.token); return err },
		"another password": func(r request) error {
			_, err := r.h.Commands.ChangePassword(r.begun, r.secret, "battery staple")
			return err
		},
		"a snapshot": func(r request) error { _, err := r.h.Commands.SnapshotStream(r.begun, r.other); return err },
		"a rebuild":  func(r request) error { return r.h.Commands.RebuildReadModel(r.begun) },
	}
	ends := map[string]func(request){
		"log-out":  func(r request) { r.h.Must(r.token, `mutation { logOut { loggedOut } }`, nil) },
		"renewal":  func(r request) { r.h.Must(r.token, `mutation { renewSession { token } }`, nil) },
		"demotion": func(r request) { r.h.Mutate(r.admin, "changeRole", harness.Object{"id": r.id, "role": "VIEWER"}) },
		"another password": func(r request) {
			r.h.Must(r.token, `mutation { changePassword(input: {currentPassword: "correct horse", newPassword: "battery staple"}) { token } }`, nil)
		},
		"a reset":    func(r request) { r.h.Run(domain.System, command.ResetPassword{ID: r.id, Password: "battery staple"}) },
		"forgetting": func(r request) { r.h.Mutate(r.admin, "forgetUser", harness.Object{"id": r.id}) },
		"revocation": func(r request) { r.h.Run(domain.System, command.RevokeAPIKey{ID: r.keyID}) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness.Start(t)
			r := request{h: h, secret: "correct horse"}
			_, r.admin = h.User(domain.Admin)
			r.other, _ = h.User(domain.Viewer)
			if name == "revocation" {
				secret, id, done, err := h.Commands.CreateKey(auth.WithActor(t.Context(), domain.System), command.CreateAPIKey{Name: "machine", Role: domain.Admin})
				if err != nil {
					t.Fatal(err)
				}
				r.token, r.keyID, r.id = secret, id, done.ID
			} else {
				r.id = h.Run(domain.System, command.CreateUser{Email: "ada@example.org", DisplayName: "Ada", Role: domain.Admin, Password: r.secret}).ID
				r.token = h.Session(r.id)
			}
			r.begun = auth.WithToken(auth.WithActor(t.Context(), domain.Actor{UserID: r.id, Role: domain.Admin}), r.token)
			harness.WantText(t, "the asker before", h.WhoIs(r.token), r.id)
			if _, err := h.Commands.Do(r.begun, harness.NewContent("Before", domain.Draft)); err != nil {
				t.Fatalf("before: %v", err)
			}
			end(r)
			head := h.Head()
			for what, grant := range grants {
				if err := grant(r); err == nil || domain.CodeOf(err) == "" {
					t.Errorf("%s after %s: error is %v", what, name, err)
				}
			}
			harness.WantText(t, "head", h.Head().String(), head.String())
			h.Rebuilder.Wait()
			if p := h.Rebuilder.Progress(); p != nil {
				t.Errorf("a rebuild was started: %+v", p)
			}
		})
	}
}

// TestARoleHoldsFromTheCommandThatGaveIt, also for requests that began before, with a token that
// stays valid.
func TestARoleHoldsFromTheCommandThatGaveIt(t *testing.T) {
	t.Parallel()
	h := harness.Start(t)
	_, admin := h.User(domain.Admin)
	actor, _ := h.Actor(domain.Admin)
	begun := auth.WithActor(t.Context(), actor)
	h.Mutate(admin, "changeRole", harness.Object{"id": actor.UserID, "role": "AUTHOR"})
	if _, err := h.Commands.Do(begun, command.ChangeRole{ID: actor.UserID, Role: domain.Admin}); domain.CodeOf(err) != domain.Forbidden {
		t.Errorf("the role is taken back: %v", err)
	}
	if _, err := h.Commands.Do(begun, harness.NewContent("Fine", domain.Draft)); err != nil {
		t.Errorf("an author writes: %v", err)
	}
}
