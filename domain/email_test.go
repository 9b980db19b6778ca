package domain_test

import (
	"slices"
	"strings"
	"testing"

	"flightdeck/domain"
)

func TestAnAddressHasOneNormalForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		normal string
		others []string
	}{
		{"ada@example.org", []string{"ada@example.org", " Ada@Example.ORG "}},
		{"zo\u00eb@example.org", []string{"zoe\u0308@example.org", "ZO\u00cb@example.org"}},
		{"ada@xn--bcher-kva.example", []string{"ada@b\u00fccher.example", "ada@bu\u0308cher.example", "ada@B\u00dcCHER.example", "ADA@XN--BCHER-KVA.example"}},
		{"ada@xn--fiqs8s.example", []string{"ada@\u4e2d\u56fd\u3002example"}},
		{"user-1@machine.invalid", nil},
		{"ada@a_b.example", nil},
		{"no address", []string{"No address"}},
		{"", []string{" "}},
		{"caf\u00e9", []string{"cafe\u0301"}},
		{"\xff@EXAMPLE.org", nil},
	} {
		for _, form := range append(test.others, test.normal) {
			if got := domain.NormalEmail(form); got != test.normal {
				t.Errorf("%+q has the normal form %+q, want %+q", form, got, test.normal)
			}
			if forms := domain.EmailForms(form); !slices.Contains(forms, test.normal) {
				t.Errorf("%+q has the forms %+q, without %+q", form, forms, test.normal)
			}
		}
	}
}

// TestAnAddressIsFoundInTheFormsOfEarlierVersions, which stored what was typed in lower case.
func TestAnAddressIsFoundInTheFormsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	stored := []string{"zoe\u0308@bu\u0308cher.example", "zo\u00eb@b\u00fccher.example", "zo\u00eb@xn--bcher-kva.example", "zoe\u0308@xn--bcher-kva.example"}
	for _, typed := range stored {
		forms := domain.EmailForms(typed)
		if forms[0] != typed {
			t.Errorf("%+q is looked for as %+q first", typed, forms[0])
		}
		for _, form := range stored {
			if !slices.Contains(forms, form) {
				t.Errorf("%+q is not looked for as %+q: %+q", typed, form, forms)
			}
		}
	}
	if forms := domain.EmailForms(" Ada@Example.org"); !slices.Equal(forms, []string{"ada@example.org"}) {
		t.Errorf("an address in ASCII has the forms %q", forms)
	}
}

// TestALongTextIsNoAddress: it is not brought into another form, which would take a time that grows
// with the square of its length.
func TestALongTextIsNoAddress(t *testing.T) {
	t.Parallel()
	long := "Ada@" + strings.Repeat("\u00fc", 20*domain.MaxEmail)
	if got := domain.NormalEmail(long); got != long {
		t.Errorf("a text of %d bytes is changed into one of %d", len(long), len(got))
	}
	if forms := domain.EmailForms(long); !slices.Equal(forms, []string{long}) {
		t.Errorf("a long text has %d forms", len(forms))
	}
}
