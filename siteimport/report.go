package siteimport

import "time"

// Report names the files and commits that an import did not take as they are in git.
type Report struct {
	// LeftOut has the files of which a version was left out: it is no text that can be kept. A page
	// keeps its last version, and without one there is no page.
	LeftOut []Remark `json:"leftOut"`
	// Repaired has the files of which a version was converted to UTF-8.
	Repaired []Remark `json:"repaired"`
	// Others has the symbolic links and submodules, which are no pages.
	Others []Remark `json:"others"`
	// Redated has the commits that are dated after the import.
	Redated []Redated `json:"redated"`
	// Drafts is the number of pages that are drafts at the end.
	Drafts int `json:"drafts"`
}

// Remark is about one file.
type Remark struct {
	// Path counts from the top of the repository.
	Path string `json:"path"`
	// Reason and Commit are those of the first version that the remark is about, Versions is the
	// number of such versions.
	Reason   string `json:"reason"`
	Commit   string `json:"commit"`
	Versions int    `json:"versions"`
}

// Redated is a commit that is not recorded at its time.
type Redated struct {
	Commit string    `json:"commit"`
	Time   time.Time `json:"time"`
}

// remarks are remarks in the order of their first commits, one a path.
type remarks struct {
	list []Remark
	at   map[string]int // by path
}

func (r *remarks) add(path, reason, commit string) {
	if i, ok := r.at[path]; ok {
		r.list[i].Versions++
		return
	}
	if r.at == nil {
		r.at = make(map[string]int)
	}
	r.at[path] = len(r.list)
	r.list = append(r.list, Remark{path, reason, commit, 1})
}

// all returns the remarks, in a list that is not nil.
func (r *remarks) all() []Remark { return append([]Remark{}, r.list...) }
