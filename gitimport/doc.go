// Package gitimport reads the history of the files of a git repository: which
// commits of a branch's first-parent line changed them, oldest first, and with
// which bytes. It runs the git binary and knows nothing of events; what a commit
// means is its caller's to decide.
//
// A first-parent line is how a branch looked to somebody who only ever saw that
// branch: a merge is one step, with all that it brought. Folding the changes of
// every commit therefore gives, after each one, exactly the files that the
// branch had there.
//
// It imports the standard library only. What it answers depends on the
// repository's objects and refs alone: configuration, environment, working tree,
// grafts and replaced objects are kept from git.
//
// Start with history.go: Open, and what Commits does with two children, one git
// log (log.go) and one git cat-file (blob.go), both run by git.go.
package gitimport
