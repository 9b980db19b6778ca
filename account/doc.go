// Package account keeps the secrets that are no events: hashes of passwords, sessions, API keys,
// the wrapped keys that seal personal fields, and the id of the master key that wraps them.
//
// These tables are primary data. They do not follow from the log, so a rebuild of the read model
// leaves them alone and a lost row cannot be made again. They have migrations of their own.
//
// Start with Tables, which commands use in the writer's transaction, and Reader, which finds the
// actor behind a password, a token or a key. Each file has both halves of one table.
package account
