// Package storetest is the conformance suite of the event store: whatever engine a log lies in, it
// keeps the same promises. It imports package eventstore, and rapid for the property test.
//
// Start with Run, which lists every test under the property that it states. model.go is what the
// tests fold, log.go opens, holds and restarts stores; oracle.go is the log as a plain list, and
// machine.go drives both at random and compares them.
package storetest

import (
	"testing"

	"flightdeck/eventstore"
)

// properties are the tests, each under the property that it states.
var properties = []struct {
	name string
	test func(*testing.T, suite)
}{
	{"AppendChecksTheExpectedVersion", expectedVersions},
	{"ACommandMayGoOnAfterAConflict", conflictThenMore},
	{"ACommandIsWrittenWholeOrNotAtAll", atomicity},
	{"AStreamKeepsItsType", streamTypes},
	{"AnEventIDIsUsedOnce", eventIDs},
	{"ARefusedCommandHurtsNoOther", refusalsAreAlone},
	{"AFailedAppendCannotBeSwallowed", swallowedFailure},
	{"PositionsAndVersionsAreContiguous", contiguity},
	{"TheLogGivesBackWhatWasAppended", fidelity},
	{"AResultTellsThePositions", results},
	{"HashesChainTheWholeLog", hashChain},

	{"RecordedAtIncreasesWhateverTheClockDoes", clocks},
	{"AnImportKeepsItsInstants", imports},
	{"ARefusedCommandDoesNotMoveTime", refusedInstant},
	{"PositionAtFindsTheLastEventUpToAnInstant", positionAt},
	{"WhatIsSettledStaysWhateverTheClockDoes", settled},
	{"SettlingWaitsForWhatIsUnderWay", settlingWaits},

	{"TheSameKeyIsTheSameCommand", keyReplays},
	{"AKeyWithAnotherInputIsRefused", keyReused},
	{"AKeyBelongsToItsActor", keyPerActor},
	{"ARefusedCommandLeavesItsKeyFree", keyOfRefused},
	{"AKeyHappensOnceAmongMany", keyConcurrently},
	{"AKeyHappensOnceWithinOneTransaction", keyInBatch},
	{"AKeyNeedsNoInput", keyWithoutInput},

	{"RowsAreTheFoldOfTheirStreams", rowsAreFolds},
	{"AFailingProjectionTakesTheCommandBack", projectionFails},
	{"RowsAreTakenBackWithTheirCommand", rowsTakenBack},
	{"ACommandReadsItsOwnWrites", ownWrites},
	{"ACommandSeesThoseBeforeIt", seesEarlier},
	{"APanicIsAnErrorOfItsCommandAlone", panics},

	{"AFullQueueRefusesAtOnce", overload},
	{"AClosedStoreRefuses", closed},
	{"CloseWaitsForQueuedCommands", closeWaits},
	{"ACancelledCommandLeavesNothing", cancelledInQueue},
	{"ABegunCommandOutlivesItsCaller", cancelledWhenBegun},

	{"ReadingInMemoryIsReadingTheTable", seam},
	{"WaitReturnsWhenTheHeadHasPassed", waitWakes},
	{"NoWakeUpIsLost", wakeUps},
	{"ASubscriberSeesEveryEventOnce", subscribers},
	{"AReaderNeverSeesAGap", noGaps},
	{"AReaderSeesCommandsWhole", wholeCommands},

	{"StateIsTheFoldUntilAnyPoint", stateUntil},
	{"LongStreamsFoldWhole", longStream},

	{"SnapshotsComeWithTheirEvents", snapshotsComeWithTheirEvents},
	{"NoReplayReadsMoreThanLiesBetweenSnapshots", replaysAreBounded},
	{"SnapshotsOfAnotherFoldAreDiscarded", snapshotsOfAnotherFoldAreDiscarded},
	{"ADamagedSnapshotIsAsGoodAsNone", aDamagedSnapshotIsAsGoodAsNone},

	{"AForgottenStreamKeepsItsEventsAlone", forgottenStream},
	{"ForgettingAStreamIsTakenBackWithItsCommand", forgettingIsTakenBack},

	{"ArchivedEventsAreReadAsBefore", archiveKeepsAnswers},
	{"TheArchiveHonoursItsRule", archiveHonoursTheRule},
	{"TheArchiveRefusesWhatIsNotPast", archiveRefuses},
	{"NoReadMissesWhatIsBeingArchived", archiveBesideReaders},

	{"AnImportedLogIsTheSameLog", importKeepsEverything},
	{"AnImportRefusesWhatDoesNotFollow", importRefuses},
	{"AnImportOfWhatCannotBeFoldedLeavesNothing", importOfWhatCannotBeFolded},
	{"AnyHistoryIsImportedWithItsChain", anyImport},

	{"AnyHistoryBehavesAsAPlainList", anyHistory},
}

// Run tests an engine. open opens the log that belongs to a directory: a new one for an empty
// directory, and the same one when the directory comes again. It is not called again before the
// engine it returned was closed.
func Run(t *testing.T, open func(t *testing.T, dir string) eventstore.Engine) {
	s := suite{open}
	for _, p := range properties {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.test(t, s)
		})
	}
}
