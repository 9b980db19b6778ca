// Package policy has the access rights: which role may see what and do what. Rules returns them as
// a table, to be read from top to bottom; the rest of the package asks the table. The package is
// pure: it has no context, clock or I/O.
//
// All decisions about rights are made here, and no other package compares roles. Package command
// asks the table before it decides, and package readmodel turns it into SQL.
//
// Rights are always those of the present. A former editor has lost the past too, and an object that
// is hidden from an actor today is hidden in every earlier moment: see Visibility.
//
// Start with Rules in rules.go.
package policy
