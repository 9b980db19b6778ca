// Package siteimport turns the history of a site, Markdown pages kept in git, into events. It
// decides which events a commit of package gitimport means, and when each of them is recorded, and
// appends them to an empty log through package command.
//
// Start with [New], [Importer.Commit] and [Importer.Finish].
package siteimport
