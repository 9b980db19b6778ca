// Package prepared runs the queries that bun builds as prepared statements.
//
// bun writes the arguments of a query into its text, so that the database parses and plans each
// query anew, which takes a third of the time that reading a row takes. This package takes the
// arguments that are marked with Bind out of the text again, prepares the text once and reads the
// rows without bun's lookups. It is the only package that depends on how bun writes queries and
// lays out structs, and the only place that writes the placeholders of a database engine.
//
// Start with DB in db.go; argument.go marks arguments, template.go builds the text of a query once
// for many uses.
package prepared
