package bounded_test

import (
	"strconv"
	"strings"
	"testing"

	"flightdeck/bounded"
)

func length(s string) int { return len(s) }

func TestACacheStaysWithinItsBytes(t *testing.T) {
	t.Parallel()
	c := bounded.New[int](1600, length)
	for i := range 1000 {
		c.Add(i, strings.Repeat("x", i%101))
		if c.Size() > 1600 {
			t.Fatalf("the cache has %d bytes, more than its budget", c.Size())
		}
	}
	if c.Size() < 1500 {
		t.Errorf("the cache uses %d bytes of 1600", c.Size())
	}
}

func TestTheLongestUnusedValueGoesFirst(t *testing.T) {
	t.Parallel()
	c := bounded.New[string](16, length)
	for i := range 16 {
		c.Add(strconv.Itoa(i), "x")
	}
	c.Get("0")
	c.Add("new", "x")
	if _, ok := c.Get("0"); !ok {
		t.Error("a value that was just used is gone")
	}
	if _, ok := c.Get("1"); ok {
		t.Error("the value that was unused for the longest time is kept")
	}
}

func TestALargeValueDrivesOutNoOther(t *testing.T) {
	t.Parallel()
	c := bounded.New[string](160, length)
	c.Add("small", "x")
	c.Add("large", strings.Repeat("x", 11))
	if _, ok := c.Get("large"); ok {
		t.Error("kept a value of more than a sixteenth of the budget")
	}
	if _, ok := c.Get("small"); !ok {
		t.Error("lost the small value")
	}
}

func TestAReplacedValueIsCountedOnce(t *testing.T) {
	t.Parallel()
	c := bounded.New[string](1600, length)
	c.Add("a", "xxxx")
	c.Add("a", "xx")
	if c.Size() != 2 {
		t.Errorf("the size is %d, want 2", c.Size())
	}
}

func TestACacheWithoutABudgetKeepsNothing(t *testing.T) {
	t.Parallel()
	c := bounded.New[string](0, length)
	c.Add("a", "x")
	if _, ok := c.Get("a"); ok || c.Size() != 0 {
		t.Error("kept a value")
	}
}
