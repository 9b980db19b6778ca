// Package gitimport reads the history of files in a git repository: the commits of a branch's
// first-parent line that changed a matching file, oldest first, with the changed files and their
// bytes. It runs the git binary and knows nothing of events.
//
// The first-parent line is the history of the branch itself: a merge is one step that brings all of
// its changes. The files of the branch after a commit are therefore the fold of the changes up to
// and with that commit.
//
// The answers depend on the objects and refs of the repository alone. Git sees neither
// configuration, environment, working tree, grafts nor replaced objects.
//
// Start with [Open] and [History.Commits], which runs one git log (log.go) and one git cat-file
// (blob.go) through git.go.
package gitimport
