package simulator

import (
	"net/http"
	"strconv"
)

const (
	defaultPerPage = 20
	maxPerPage     = 200
)

// paginated is one page of a list under its key, with the links to other
// pages and the total, as every list of the API has them.
func paginated[T any](r *http.Request, key string, items []T) (object, error) {
	shown, links, err := onPage(r, items)
	if err != nil {
		return nil, err
	}
	return object{key: shown, "links": links, "meta": object{"total": len(items)}}, nil
}

// onPage is the part of a list that the query asks for, and the links to
// other parts.
func onPage[T any](r *http.Request, items []T) (shown []T, links object, err error) {
	page, err := queryNumber(r, "page", 1)
	if err != nil {
		return nil, nil, err
	}
	perPage, err := queryNumber(r, "per_page", defaultPerPage)
	if err != nil {
		return nil, nil, err
	}
	perPage = min(perPage, maxPerPage)
	last := max(1, (len(items)+perPage-1)/perPage)
	shown = []T{}
	if page <= last {
		shown = append(shown, items[(page-1)*perPage:min(page*perPage, len(items))]...)
	}
	return shown, pageLinks(r, page, last), nil
}

// queryNumber is a positive number in the query.
func queryNumber(r *http.Request, name string, missing int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return missing, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 {
		return 0, badRequest("%s must be a positive number", name)
	}
	return number, nil
}

// pageLinks has the links that apply to this page; none when there is only one.
func pageLinks(r *http.Request, page, last int) object {
	pages := map[string]string{}
	link := func(rel string, number int) {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(number))
		pages[rel] = baseURL(r) + r.URL.Path + "?" + query.Encode()
	}
	if page > 1 {
		link("first", 1)
		link("prev", min(page-1, last))
	}
	if page < last {
		link("next", page+1)
		link("last", last)
	}
	if len(pages) == 0 {
		return object{}
	}
	return object{"pages": pages}
}
