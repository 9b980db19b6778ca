// Package cloudevents is how a log is written into a file and read from one: a line
// of JSON an event, each a CloudEvent 1.0 in structured mode
// (https://github.com/cloudevents/spec, JSON format 1.0.2), and a last line that says
// how the log ends.
//
// Each line has all that the log keeps of an event. The attributes that CloudEvents
// defines are id, source (/flightdeck/ and the lineage of the log), type, subject (the
// stream), time (the instant of recording, in microseconds) and datacontenttype.
// Attributes of our own are position (a string, because integers of CloudEvents end at
// 2^31), streamtype, streamversion, schemaversion, actor, correlationid, causationid,
// traceid and hash; those that are empty are left out. data has the bytes that are
// stored, as they are, since the hash is over them; where they are not JSON on one line
// they are in data_base64.
//
// The last line has the type End; its data is {"position":…,"hash":…,"events":…}: the
// head of the log, and how many lines there are before.
//
// An export has one form: the same log gives the same bytes, and a Reader refuses every
// other, so that no byte of a file can change without anybody noticing.
//
// It imports package eventstore. Start with line.go, which is the form; then Writer
// and Reader.
package cloudevents
