package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"flightdeck/auth"
	"flightdeck/command"
	"flightdeck/domain"
)

// userCommand groups the commands that manage users.
type userCommand struct {
	Create        userCreateCommand        `cmd:"" help:"Make an account. The server must not be running on the same database."`
	Role          userRoleCommand          `cmd:"" help:"Give a user another role, and end their sessions. The server must not be running."`
	ResetPassword userResetPasswordCommand `cmd:"" help:"Give a user another password, and end their sessions. The server must not be running."`
}

// userCreateCommand creates an account, also the first one after an import.
type userCreateCommand struct {
	Email         string      `required:"" help:"The address to log in with."`
	Role          domain.Role `required:"" help:"ADMIN, EDITOR, AUTHOR or VIEWER."`
	Name          string      `help:"The name that others see; the address up to its @ when left out."`
	PasswordStdin bool        `help:"Read the password from standard input; without one the user cannot log in with a password."`
	PrintToken    bool        `help:"Print a bearer token for the new user, to standard output."`
}

// Run creates the account.
func (c *userCreateCommand) Run(env *environment) (err error) {
	in := command.CreateUser{Email: c.Email, DisplayName: c.Name, Role: domain.Role(strings.ToUpper(string(c.Role)))}
	if in.DisplayName == "" {
		in.DisplayName, _, _ = strings.Cut(c.Email, "@")
	}
	if c.PasswordStdin {
		if in.Password, err = readPassword(env.stdin); err != nil {
			return err
		}
	}
	a, err := env.open(env.options())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	result, err := a.Commands.Do(auth.WithActor(env.ctx, domain.System), in)
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	fmt.Fprintf(env.stderr, "created %s with the role %s\n", result.ID, in.Role)
	if in.Password == "" && !c.PrintToken {
		fmt.Fprintf(env.stderr, "nobody can log in to it yet: %s reads a password for it\n", env.command("user", "reset-password", "--email", quoted(c.Email)))
	}
	if !c.PrintToken {
		return nil
	}
	session, err := a.Commands.Begin(env.ctx, result.ID, false)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.stdout, session.Token)
	return err
}

// userRoleCommand gives a user another role.
type userRoleCommand struct {
	Email string      `required:"" help:"The address that the user logs in with."`
	Role  domain.Role `required:"" help:"ADMIN, EDITOR, AUTHOR or VIEWER."`
}

// Run changes the role.
func (c *userRoleCommand) Run(env *environment) error {
	role := domain.Role(strings.ToUpper(string(c.Role)))
	return env.changeUser(c.Email, func(id string) command.Command { return command.ChangeRole{ID: id, Role: role} },
		"%s has the role "+string(role)+" now\n")
}

// userResetPasswordCommand gives a user another password.
type userResetPasswordCommand struct {
	Email string `required:"" help:"The address that the user logs in with."`
}

// Run reads the password from standard input and sets it.
func (c *userResetPasswordCommand) Run(env *environment) error {
	password, err := readPassword(env.stdin)
	if err != nil {
		return err
	}
	return env.changeUser(c.Email, func(id string) command.Command { return command.ResetPassword{ID: id, Password: password} },
		"%s has another password now, and no session\n")
}

// changeUser runs a command on the user with an address, as the operator, and prints done with the
// user's id.
func (env *environment) changeUser(email string, change func(id string) command.Command, done string) (err error) {
	a, err := env.openExisting()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	id, err := a.Accounts.UserByEmail(env.ctx, email)
	if err != nil {
		return err
	}
	if id == "" {
		return fmt.Errorf("nobody has the address %s: %s makes an account", email, env.command("user", "create"))
	}
	if _, err := a.Commands.Do(auth.WithActor(env.ctx, domain.System), change(id)); err != nil {
		return fmt.Errorf("change user: %w", err)
	}
	fmt.Fprintf(env.stderr, done, id)
	return nil
}

// readPassword reads one line.
func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("read the password: standard input is empty: pipe the password in")
	}
	return line, nil
}
