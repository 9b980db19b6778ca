package gitimport

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Commit is one step of the first-parent line.
type Commit struct {
	// Hash is the full object name, in lower-case hex.
	Hash string
	// Time is the committer's, in UTC, to the second. It can go backwards from
	// one commit to the next. A time that git cannot read, or of a year after
	// 9999, is the start of 1970, as git shows it.
	Time time.Time
	// AuthorName and AuthorEmail are as the .mailmap of the branch's tip corrects
	// them, in valid UTF-8. Either can be empty.
	AuthorName, AuthorEmail string
	// Changes leads from the files before the commit to the files after it.
	//
	// They may be applied one after the other, in the order given, to a mapping
	// from path to content: first every Removed, then every Renamed, every
	// Modified and every Added, each in git's order. At no step does a
	// change need a path that another one still holds. They may as well be
	// applied all at once, because no OldPath is the Path of another change: a
	// rename leads from a path that is gone to a path that is new. Two files that
	// swap their names are therefore two Modified; when b becomes c and a becomes
	// b, then b is Modified and c is Renamed from a if those are alike, or else
	// Added, with a Removed.
	//
	// There are none when the commit touched nothing but submodules.
	Changes []Change
}

// Change is what a commit did to one file.
type Change struct {
	Kind Kind
	// Path is where the file is after the change, or was when it is Removed: from
	// the top of the repository, parted by slashes, in the bytes that git stores,
	// which need not be UTF-8 and can hold any byte but NUL.
	Path string
	// OldPath is where a Renamed file was; for any other change it is empty.
	OldPath string
	// Content is the whole file after the change, in the bytes that git stores:
	// for a symbolic link its target. It is nil when the file is Removed, and
	// not nil, though perhaps empty, otherwise. It is the caller's to keep.
	Content []byte
}

// Kind says which change was made to a file.
type Kind int

// The kinds of change, in the order in which a commit lists them.
const (
	// Removed: the path holds a file no more. Also when the file was renamed to a
	// path that no pathspec matches, or became a submodule.
	Removed Kind = iota + 1
	// Renamed: the file moved from OldPath to Path. The content is the old one or
	// one that git finds alike, by half or more.
	Renamed
	// Modified: the file at Path has other content, became a symbolic link or
	// ceased to be one, or became executable or ceased to be so. Where only the
	// mode changed, the content is what it was.
	Modified
	// Added: the path holds a file now. Also when the file was copied, was
	// renamed from a path that no pathspec matches, or was a submodule.
	Added
)

func (k Kind) String() string {
	switch k {
	case Removed:
		return "removed"
	case Renamed:
		return "renamed"
	case Modified:
		return "modified"
	case Added:
		return "added"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// inOrder sorts changes as Commit.Changes promises.
func inOrder(changes []fileChange) {
	slices.SortStableFunc(changes, func(a, b fileChange) int { return cmp.Compare(a.kind, b.kind) })
}
