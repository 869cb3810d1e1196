package simulator

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// tag is a name that exists whether or not anything carries it.
type tag struct{ name string }

// taggable is a kind of resource that can carry tags.
type taggable struct {
	plural string // its member in a tag's resources
	each   func(visit func(taggedObject))
}

// taggedObject is one resource with the tags it carries.
type taggedObject struct {
	id   string // resource_id
	uri  string // path in the API
	tags *[]string
}

var tagNamePattern = regexp.MustCompile(`^[a-zA-Z0-9_:-]{1,255}$`)

func (s *Simulator) tagRoutes() {
	s.route("GET /v2/tags", http.StatusOK, func(r *http.Request) (any, error) {
		views := convert(s.tags.all(), func(t *tag) object { return s.viewTag(r, t) })
		return paginated(r, "tags", views)
	})
	s.route("POST /v2/tags", http.StatusCreated, s.createTag)
	s.route("GET /v2/tags/{tag_id}", http.StatusOK, func(r *http.Request) (any, error) {
		t, err := s.findTag(r.PathValue("tag_id"))
		if err != nil {
			return nil, err
		}
		return object{"tag": s.viewTag(r, t)}, nil
	})
	s.route("DELETE /v2/tags/{tag_id}", http.StatusNoContent, s.deleteTag)
	s.route("POST /v2/tags/{tag_id}/resources", http.StatusNoContent, s.changeTagged(addTag))
	s.route("DELETE /v2/tags/{tag_id}/resources", http.StatusNoContent, s.changeTagged(removeTag))
}

// viewTag counts what carries a tag, by kind and together. The youngest
// resource of a kind stands for the one tagged last.
func (s *Simulator) viewTag(r *http.Request, t *tag) object {
	resources := object{"count": 0}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(s.taggables)) {
		kind := s.taggables[name]
		count, last := 0, ""
		kind.each(func(o taggedObject) {
			if hasTag(*o.tags, t.name) {
				count, last = count+1, baseURL(r)+o.uri
			}
		})
		counted := object{"count": count}
		if last != "" {
			counted["last_tagged_uri"] = last
			resources["last_tagged_uri"] = last
		}
		resources[kind.plural] = counted
		total += count
	}
	resources["count"] = total
	return object{"name": t.name, "resources": resources}
}

// createTag answers with the tag that exists when there is one already.
func (s *Simulator) createTag(r *http.Request) (any, error) {
	wanted, err := decode[struct {
		Name string `json:"name"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := checkTagName(wanted.Name); err != nil {
		return nil, err
	}
	return object{"tag": s.viewTag(r, s.ensureTag(wanted.Name))}, nil
}

func checkTagName(name string) error {
	if tagNamePattern.MatchString(name) {
		return nil
	}
	return unprocessable("Tag names may only contain letters, numbers, colons, dashes, and underscores, and at most 255 of them")
}

// findTag finds a tag by its exact name.
func (s *Simulator) findTag(name string) (*tag, error) {
	t, ok := s.tags.get(strings.ToLower(name))
	if !ok || t.name != name {
		return nil, notFound()
	}
	return t, nil
}

// ensureTag makes a tag unless it exists. Names that differ in case only are
// one tag, written as it was first.
func (s *Simulator) ensureTag(name string) *tag {
	if t, ok := s.tags.get(strings.ToLower(name)); ok {
		return t
	}
	t := &tag{name}
	s.tags.add(strings.ToLower(name), t)
	return t
}

// addTags tags a resource; tags that are missing are made.
func (s *Simulator) addTags(tags *[]string, names []string) {
	for _, name := range names {
		addTag(tags, s.ensureTag(name).name)
	}
}

func addTag(tags *[]string, name string) {
	if !hasTag(*tags, name) {
		*tags = append(*tags, name)
	}
}

func removeTag(tags *[]string, name string) {
	*tags = slices.DeleteFunc(*tags, func(other string) bool { return other == name })
}

func hasTag(tags []string, name string) bool { return slices.Contains(tags, name) }

// deleteTag also takes the tag off everything that carries it.
func (s *Simulator) deleteTag(r *http.Request) (any, error) {
	t, err := s.findTag(r.PathValue("tag_id"))
	if err != nil {
		return nil, err
	}
	for _, kind := range s.taggables {
		kind.each(func(o taggedObject) { removeTag(o.tags, t.name) })
	}
	for _, f := range s.firewalls.all() {
		f.forgetTag(t.name)
	}
	s.tags.remove(strings.ToLower(t.name))
	return nil, nil
}

// changeTagged adds a tag to the resources in the body, or removes it.
func (s *Simulator) changeTagged(change func(tags *[]string, name string)) handler {
	return func(r *http.Request) (any, error) {
		t, err := s.findTag(r.PathValue("tag_id"))
		if err != nil {
			return nil, err
		}
		wanted, err := decode[struct {
			Resources []struct {
				ID   reference `json:"resource_id"`
				Type string    `json:"resource_type"`
			} `json:"resources"`
		}](r)
		if err != nil {
			return nil, err
		}
		var found []taggedObject
		for _, resource := range wanted.Resources {
			o, err := s.findTagged(resource.Type, string(resource.ID))
			if err != nil {
				return nil, err
			}
			found = append(found, o)
		}
		for _, o := range found {
			change(o.tags, t.name)
		}
		return nil, nil
	}
}

func (s *Simulator) findTagged(kind, id string) (taggedObject, error) {
	t, ok := s.taggables[kind]
	if !ok {
		return taggedObject{}, unprocessable("resource_type %q is not supported", kind)
	}
	var found *taggedObject
	t.each(func(o taggedObject) {
		if o.id == id {
			found = &o
		}
	})
	if found == nil {
		return taggedObject{}, notFound()
	}
	return *found, nil
}
