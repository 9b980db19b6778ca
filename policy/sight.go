package policy

// Exposure is who a content or a deck is for at some moment.
type Exposure uint8

// The exposures.
const (
	Hidden  Exposure = iota // a draft, archived, private
	Public                  // published, or a public deck
	Deleted                 // there to be restored
)

// ExposureOf returns the exposure of a state.
func ExposureOf(public, deleted bool) Exposure {
	switch {
	case deleted:
		return Deleted
	case public:
		return Public
	}
	return Hidden
}

// Sight is what it means to see a thing as it was at some moment: what it was then,
// and what it is now. Each alone would leak. By what it was, unpublishing would hide
// nothing from those who ask for yesterday; by what it is, every draft of what was
// published since would be open.
type Sight uint8

// The sights, in the order of the rights to them in the table.
const (
	PublicThenAndNow Sight = iota
	HiddenThen             // and public now
	HiddenNow              // and public then
	HiddenThenAndNow
	DeletedThenOrNow

	Sights // how many there are
)

// SightOf returns what it means to see something now as it was then.
func SightOf(then, now Exposure) Sight {
	switch {
	case then == Deleted || now == Deleted:
		return DeletedThenOrNow
	case then == Public && now == Public:
		return PublicThenAndNow
	case now == Public:
		return HiddenThen
	case then == Public:
		return HiddenNow
	}
	return HiddenThenAndNow
}

// Content returns the right that it takes to see a content like this.
func (s Sight) Content() Right { return SeePublishedContent + Right(s) }

// Deck returns the right that it takes to see a deck like this.
func (s Sight) Deck() Right { return SeePublicDeck + Right(s) }
