package simulator

import "slices"

// table keeps objects by id, in the order they were made. The zero value is
// empty.
type table[K comparable, V any] struct {
	order []K
	byID  map[K]V
}

func (t *table[K, V]) add(id K, object V) {
	if t.byID == nil {
		t.byID = map[K]V{}
	}
	t.order = append(t.order, id)
	t.byID[id] = object
}

func (t *table[K, V]) get(id K) (V, bool) {
	object, ok := t.byID[id]
	return object, ok
}

func (t *table[K, V]) remove(id K) {
	delete(t.byID, id)
	t.order = slices.DeleteFunc(t.order, func(other K) bool { return other == id })
}

// clone copies the table, and each object with the function.
func (t *table[K, V]) clone(object func(V) V) table[K, V] {
	copied := table[K, V]{order: slices.Clone(t.order), byID: make(map[K]V, len(t.byID))}
	for id, original := range t.byID {
		copied.byID[id] = object(original)
	}
	return copied
}

func (t *table[K, V]) len() int { return len(t.order) }

// all lists the objects, oldest first.
func (t *table[K, V]) all() []V {
	return t.where(func(V) bool { return true })
}

// where lists the objects that match, oldest first.
func (t *table[K, V]) where(match func(V) bool) []V {
	objects := []V{}
	for _, id := range t.order {
		if object := t.byID[id]; match(object) {
			objects = append(objects, object)
		}
	}
	return objects
}

// convert maps a list; an empty list stays one rather than JSON's null.
func convert[A, B any](items []A, to func(A) B) []B {
	converted := make([]B, 0, len(items))
	for _, item := range items {
		converted = append(converted, to(item))
	}
	return converted
}
