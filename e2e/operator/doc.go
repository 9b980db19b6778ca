// Package operator tests the commands of the operator, and the program as a process: it is stopped
// and killed, its database is damaged, its log is archived, exported and imported, and databases of
// earlier releases are read by the program of today. Those databases are in e2e/testdata, whose
// README says how a release adds its own.
package operator
