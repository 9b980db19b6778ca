package cli

import "testing"

func TestAmountsOfMemory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]byteSize{"0": 0, "512": 512, "512KiB": 512 << 10, "16MiB": 16 << 20, "2GiB": 2 << 30} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5MiB", "16 MiB", "16MB", "99999999999GiB"} {
		if err := new(byteSize).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is an amount", text)
		}
	}
}
