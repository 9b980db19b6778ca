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
	// Time is the time of the commit, not of its author, in UTC and to the second. It can be
	// earlier than the time of the commit before. A time that git cannot read, or one after the
	// year 9999, is the start of 1970, as in git.
	Time time.Time
	// AuthorName and AuthorEmail are corrected by the .mailmap of the branch's tip. Both are valid
	// UTF-8 and may be empty.
	AuthorName, AuthorEmail string
	// Changes leads from the files before the commit to the files after it. A symbolic link or a
	// submodule is no file. Changes is empty if the commit changed nothing else.
	//
	// The order is: every Removed, every Renamed, every Modified and every Added, each in the order
	// of git. A caller may apply the changes in that order to a map from path to content: no change
	// needs a path that a later one frees. A caller may also apply them all at once: no OldPath is
	// the Path of another change, because a rename leads from a path that is gone to a path that is
	// new. Two files that swap their names are therefore two Modified. If b becomes c and a becomes
	// b, then b is Modified, and c is Renamed from a if the two are similar, or else a is Removed
	// and c is Added.
	Changes []Change
	// Others has the paths that became a symbolic link or a submodule, or another one than before,
	// in the order of git.
	Others []OtherEntry
}

// OtherEntry is a path that has no file.
type OtherEntry struct {
	Path string // as in Change
	Is   Other
}

// Other is a kind of entry that is no file.
type Other string

// These are the kinds of entries that are no files.
const (
	Link      Other = "symbolic link"
	Submodule Other = "submodule"
)

// Change is the change of one file in a commit.
type Change struct {
	Kind Kind
	// Path is the path of the file after the change, or before it if Kind is Removed. It counts
	// from the top of the repository and has slashes. Its bytes are those of git: any but NUL, and
	// not always UTF-8.
	Path string
	// OldPath is the former path of a Renamed file, and "" for every other kind.
	OldPath string
	// Content is the whole file after the change, in the bytes of git. It is nil only if Kind is
	// Removed, or if the file is larger than Options.MaxBytes. The caller may keep it.
	Content []byte
	// Size is the number of bytes of the file after the change; 0 if Kind is Removed.
	Size int
}

// Kind is a kind of change.
type Kind int

// These are the kinds of change, in the order in which a commit lists them.
const (
	// Removed means that the path has no file any more. The file may also have become a symbolic
	// link or a submodule, or have got a path that no pathspec matches.
	Removed Kind = iota + 1
	// Renamed means that the file moved from OldPath to Path. At least half of its content is the
	// same.
	Renamed
	// Modified means that the file has another content, or became executable or not.
	Modified
	// Added means that the path has a file now. The file may also be a copy, may have been a
	// symbolic link or a submodule, or may have had a path that no pathspec matches.
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

// sortChanges sorts changes into the order of Commit.Changes.
func sortChanges(changes []fileChange) {
	slices.SortStableFunc(changes, func(a, b fileChange) int { return cmp.Compare(a.kind, b.kind) })
}
