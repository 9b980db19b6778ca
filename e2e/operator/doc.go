// Package operator tests the commands of an operator, and that databases of earlier releases are
// read by the program of today. The databases are in e2e/testdata, whose README says how a release
// adds its own.
package operator
