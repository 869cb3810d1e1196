package cluster

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is written to a copy of the memory, the memory stays as it was.
func TestACopyOfTheMemorySharesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.Make[Memory]().Draw(t, "memory")
		before, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		c := m.Clone()
		scribble(reflect.ValueOf(&c).Elem())
		if after, err := json.Marshal(m); err != nil || string(after) != string(before) {
			t.Errorf("the memory was %s and is %s (%v)", before, after, err)
		}
	})
}

// scribble writes to all that the value leads to: elements of slices and maps are
// overwritten in place.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			scribble(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			element := reflect.New(v.Type().Elem()).Elem()
			element.Set(v.MapIndex(key))
			scribble(element)
			v.SetMapIndex(key, reflect.Value{})
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scribble(v.Elem())
			v.Elem().SetZero()
		}
	}
}
