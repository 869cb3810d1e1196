package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// distributions are those that an image can be said to hold (API description,
// schema "distribution").
var distributions = []string{
	"Arch Linux", "CentOS", "CoreOS", "Debian", "Fedora", "Fedora Atomic", "FreeBSD",
	"Gentoo", "openSUSE", "RancherOS", "Rocky Linux", "Ubuntu", "Unknown",
}

// imageRequest is the body of a create and of an update.
type imageRequest struct {
	Name         string   `json:"name"`
	URL          string   `json:"url"`
	Region       string   `json:"region"`
	Distribution string   `json:"distribution"`
	Description  *string  `json:"description"`
	Tags         []string `json:"tags"`
}

func (i *image) subject() subject {
	var first string
	if len(i.Regions) > 0 {
		first = i.Regions[0]
	}
	return subject{urn: fmt.Sprintf("do:image:%d", i.ID), kind: "image", id: &i.ID, region: first}
}

func (s *Simulator) imageRoutes() {
	s.route("GET /v2/images", http.StatusOK, s.listImages)
	s.route("POST /v2/images", http.StatusAccepted, s.importImage)
	s.route("GET /v2/images/{image_id}", http.StatusOK, s.getImage)
	s.route("PUT /v2/images/{image_id}", http.StatusOK, s.updateImage)
	s.route("DELETE /v2/images/{image_id}", http.StatusNoContent, s.deleteImage)
	s.route("GET /v2/images/{image_id}/actions", http.StatusOK, s.listImageActions)
	s.route("POST /v2/images/{image_id}/actions", http.StatusCreated, s.startImageAction)
	s.route("GET /v2/images/{image_id}/actions/{action_id}", http.StatusOK, s.getImageAction)
	s.taggables["image"] = taggable{
		plural: "images",
		each: func(visit func(taggedObject)) {
			for _, i := range s.images.where(isOwn) {
				id := strconv.Itoa(i.ID)
				visit(taggedObject{id: id, uri: "/v2/images/" + id, tags: &i.Tags})
			}
		},
	}
}

func isOwn(i *image) bool { return !i.Public }

func (s *Simulator) listImages(r *http.Request) (any, error) {
	query := r.URL.Query()
	images := s.images.where(func(i *image) bool {
		if query.Has("tag_name") && (i.Public || !hasTag(i.Tags, query.Get("tag_name"))) {
			return false
		}
		if query.Get("private") == "true" && i.Public {
			return false
		}
		switch query.Get("type") {
		case "distribution":
			return i.Public && !i.application
		case "application":
			return i.application
		default:
			return true
		}
	})
	return paginated(r, "images", images)
}

// ownImage is the image that the path names, if the account may change it.
func (s *Simulator) ownImage(r *http.Request) (*image, error) {
	id, err := pathID(r, "image_id")
	if err != nil {
		return nil, err
	}
	found, err := find(&s.images, id)
	if err != nil {
		return nil, err
	}
	if found.Public {
		return nil, &apiError{http.StatusForbidden, "forbidden", "You do not have access for the attempted action."}
	}
	return found, nil
}

// pathImage is the image that the path names by its id or slug.
func (s *Simulator) pathImage(r *http.Request) (*image, error) {
	found := s.imageBy(reference(r.PathValue("image_id")))
	if found == nil {
		return nil, notFound()
	}
	return found, nil
}

func (s *Simulator) getImage(r *http.Request) (any, error) {
	found, err := s.pathImage(r)
	return object{"image": found}, err
}

// importImage takes an image of the account's own. It is available after
// ActionTime; nothing is downloaded.
func (s *Simulator) importImage(r *http.Request) (any, error) {
	request, err := decode[imageRequest](r)
	if err != nil {
		return nil, err
	}
	if err := s.checkImport(request); err != nil {
		return nil, err
	}
	s.lastImage++
	made := &image{
		ID: s.lastImage, Name: request.Name, Type: "custom",
		Distribution: "Unknown", Regions: []string{}, CreatedAt: s.timestamp(),
		Tags: []string{}, Status: "NEW",
	}
	made.update(request)
	s.addTags(&made.Tags, request.Tags)
	s.images.add(made.ID, made)
	s.after(s.options.ActionTime, func() {
		made.Status = "available"
		made.Regions = []string{request.Region}
		made.MinDiskSize, made.SizeGigabytes = 10, 1
	})
	return object{"image": made}, nil
}

func (s *Simulator) checkImport(request imageRequest) error {
	switch {
	case request.Name == "":
		return unprocessable("Name can't be blank")
	case request.URL == "":
		return unprocessable("Url can't be blank")
	}
	if _, err := s.openRegion(request.Region); err != nil {
		return err
	}
	for _, tag := range request.Tags {
		if err := checkTagName(tag); err != nil {
			return err
		}
	}
	return request.checkDistribution()
}

func (request imageRequest) checkDistribution() error {
	if request.Distribution != "" && !slices.Contains(distributions, request.Distribution) {
		return unprocessable("Distribution is invalid")
	}
	return nil
}

// update takes over what the request names.
func (i *image) update(request imageRequest) {
	i.Name = cmp.Or(request.Name, i.Name)
	i.Distribution = cmp.Or(request.Distribution, i.Distribution)
	setIfGiven(&i.Description, request.Description)
}

func (s *Simulator) updateImage(r *http.Request) (any, error) {
	found, err := s.ownImage(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[imageRequest](r)
	if err != nil {
		return nil, err
	}
	if err := request.checkDistribution(); err != nil {
		return nil, err
	}
	found.update(request)
	return object{"image": found}, nil
}

func (s *Simulator) deleteImage(r *http.Request) (any, error) {
	found, err := s.ownImage(r)
	if err != nil {
		return nil, err
	}
	s.images.remove(found.ID)
	return nil, nil
}

func (s *Simulator) listImageActions(r *http.Request) (any, error) {
	found, err := s.pathImage(r)
	if err != nil {
		return nil, err
	}
	return paginated(r, "actions", s.actionsOf(actionsOn(found.subject().urn)))
}

func (s *Simulator) getImageAction(r *http.Request) (any, error) {
	found, err := s.pathImage(r)
	if err != nil {
		return nil, err
	}
	return s.actionAnswer(r, actionsOn(found.subject().urn))
}

// startImageAction copies an image to a further region, or makes a snapshot of
// a backup.
func (s *Simulator) startImageAction(r *http.Request) (any, error) {
	found, err := s.ownImage(r)
	if err != nil {
		return nil, err
	}
	request, err := decode[struct {
		Type   string `json:"type"`
		Region string `json:"region"`
	}](r)
	if err != nil {
		return nil, err
	}
	var work func() error
	switch request.Type {
	case "transfer":
		if _, err := s.openRegion(request.Region); err != nil {
			return nil, err
		}
		if slices.Contains(found.Regions, request.Region) {
			return nil, unprocessable("Image is already available in region %s", request.Region)
		}
		work = func() error { found.Regions = append(found.Regions, request.Region); return nil }
	case "convert":
		work = found.convertToSnapshot
	default:
		return nil, unprocessable("Type is invalid")
	}
	return object{"action": s.startAction(request.Type, found.subject(), s.options.ActionTime, func() {}, work)}, nil
}

func (i *image) convertToSnapshot() error {
	if i.Type != "backup" {
		return errors.New("only a backup can become a snapshot")
	}
	i.Type = "snapshot"
	return nil
}
