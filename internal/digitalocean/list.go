package digitalocean

import (
	"context"
	"slices"

	"github.com/digitalocean/godo"
)

// pageSize is the most that the API puts on one page (API description,
// parameter per_page).
const pageSize = 200

// listAll reads every page.
func listAll[T any](ctx context.Context, list func(context.Context, *godo.ListOptions) ([]T, *godo.Response, error)) ([]T, error) {
	var all []T
	for page := 1; ; page++ {
		items, resp, err := list(ctx, &godo.ListOptions{Page: page, PerPage: pageSize})
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if resp.Links == nil || resp.Links.IsLastPage() {
			return all, nil
		}
	}
}

// find returns the first item that fits.
func find[T any](items []T, fits func(T) bool) (item T, ok bool) {
	i := slices.IndexFunc(items, fits)
	if i < 0 {
		return item, false
	}
	return items[i], true
}

// lookup is find over what a listing returns.
func lookup[T any](ctx context.Context, list func(context.Context) ([]T, error), fits func(T) bool) (item T, ok bool, err error) {
	items, err := list(ctx)
	if err != nil {
		return item, false, err
	}
	item, ok = find(items, fits)
	return item, ok, nil
}

func convert[A, B any](items []A, to func(A) B) []B {
	out := make([]B, 0, len(items))
	for _, item := range items {
		out = append(out, to(item))
	}
	return out
}
