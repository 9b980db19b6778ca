// Package cloudevents writes a log into a file and reads it back: one line of JSON per event, a
// CloudEvent 1.0 in structured mode (https://github.com/cloudevents/spec, JSON format 1.0.2), and a
// last line that describes the end of the log.
//
// Each line carries everything that the log stores of an event. The attributes of CloudEvents are
// id, source (/flightdeck/ and the lineage of the log), type, subject (the stream), time (the
// instant of recording, in microseconds) and datacontenttype. FlightDeck adds position (a string,
// because integers of CloudEvents end at 2^31), streamtype, streamversion, schemaversion, actor,
// correlationid, causationid, traceid and hash; empty attributes are left out. data holds the
// stored bytes unchanged, since the hash covers them; bytes that are not JSON on one line stand in
// data_base64.
//
// The last line has the type End; its data is {"position":…,"hash":…,"events":…}: the head of the
// log and the number of lines before.
//
// An export has one form: the same log gives the same bytes, and a Reader refuses every other form,
// so that each changed byte of a file is noticed.
//
// Start with line.go, which defines the form; then read Writer and Reader.
package cloudevents
