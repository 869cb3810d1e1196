package digitalocean

import (
	"context"
	"errors"
	"slices"

	"github.com/digitalocean/godo"
)

const (
	// pageSize is the most that the API puts on one page (API description,
	// parameter per_page).
	pageSize = 200
	// maxPages ends a list whose every page says that another follows.
	maxPages = 500
)

// lister reads one page of a list.
type lister[T any] func(context.Context, *godo.ListOptions) ([]T, *godo.Response, error)

// listAll reads every page of the list under the key, and leaves out what is there
// already: while objects come and go, one may stand on two pages.
func listAll[T any](ctx context.Context, key string, id func(T) any, list lister[T]) ([]T, error) {
	ctx = expecting(ctx, expectation{key: key, list: true})
	var all []T
	seen := map[any]bool{}
	for page := 1; page <= maxPages; page++ {
		items, resp, err := list(ctx, &godo.ListOptions{Page: page, PerPage: pageSize})
		if err != nil {
			return nil, apiError(err)
		}
		for _, item := range items {
			if !seen[id(item)] {
				seen[id(item)] = true
				all = append(all, item)
			}
		}
		if resp.Links == nil || resp.Links.IsLastPage() || len(items) == 0 {
			return all, nil
		}
	}
	return nil, errors.New("the list has no end")
}

// count returns how many objects the list under the key has.
func count[T any](ctx context.Context, key string, list lister[T]) (int, error) {
	_, resp, err := list(expecting(ctx, expectation{key: key, list: true}), &godo.ListOptions{Page: 1, PerPage: 1})
	if err != nil {
		return 0, apiError(err)
	}
	if resp.Meta == nil {
		return 0, apiError(missing(resp.StatusCode, "meta.total"))
	}
	return resp.Meta.Total, nil
}

// values turns a list of pointers into one of values; what is null on a page is
// no object.
func values[T any](list lister[*T]) lister[T] {
	return func(ctx context.Context, page *godo.ListOptions) ([]T, *godo.Response, error) {
		items, resp, err := list(ctx, page)
		items = slices.DeleteFunc(items, func(item *T) bool { return item == nil })
		return convert(items, func(item *T) T { return *item }), resp, err
	}
}

func convert[A, B any](items []A, to func(A) B) []B {
	out := make([]B, 0, len(items))
	for _, item := range items {
		out = append(out, to(item))
	}
	return out
}
