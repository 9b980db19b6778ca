package policy

// Exposure is the audience of a content or a deck at some moment.
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

// Visibility is the pair of an object's exposure at some moment and its exposure now. A view of the
// object at that moment needs a right that depends on both. By the exposure then alone,
// unpublishing would hide nothing from a reader of yesterday; by the exposure now alone, every
// draft of a published content would be open.
type Visibility uint8

// The visibilities, in the order of their rights in the table.
const (
	PublicThenAndNow Visibility = iota
	HiddenThen                  // public now
	HiddenNow                   // public then
	HiddenThenAndNow
	DeletedThenOrNow

	Visibilities // their number
)

// VisibilityOf returns the visibility of an object with these exposures.
func VisibilityOf(then, now Exposure) Visibility {
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

// Content returns the right to see a content of this visibility.
func (v Visibility) Content() Right { return SeePublishedContent + Right(v) }

// Deck returns the right to see a deck of this visibility.
func (v Visibility) Deck() Right { return SeePublicDeck + Right(v) }
