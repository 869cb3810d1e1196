package simulator

import "time"

// image is what droplets boot from, as the API description's schema "image"
// has it. Snapshots and backups of droplets are images, too.
type image struct {
	ID            int       `json:"id"`
	Name          string    `json:"name"`
	Type          string    `json:"type"` // base, snapshot, backup or custom
	Distribution  string    `json:"distribution"`
	Slug          *string   `json:"slug"` // null for everything the account made
	Public        bool      `json:"public"`
	Regions       []string  `json:"regions"`
	CreatedAt     time.Time `json:"created_at"`
	MinDiskSize   int       `json:"min_disk_size"`  // GiB
	SizeGigabytes float64   `json:"size_gigabytes"` // GiB
	Description   string    `json:"description"`
	Tags          []string  `json:"tags"`
	Status        string    `json:"status"`
	ErrorMessage  string    `json:"error_message"`

	// application marks the 1-click images, which the filter
	// type=application selects.
	application bool

	dropletID int // of which it is a snapshot or a backup; 0 for other images
}

// catalogueImages are DigitalOcean's public images.
var catalogueImages = []struct {
	id                       int
	slug, name, distribution string
	minDisk                  int // GiB
	sizeGiB                  float64
	created                  string
	application              bool
}{
	{129211873, "ubuntu-20-04-x64", "20.04 (LTS) x64", "Ubuntu", 7, 0.64, "2023-03-20", false},
	{155133621, "ubuntu-22-04-x64", "22.04 (LTS) x64", "Ubuntu", 7, 0.7, "2024-05-09", false},
	{195932981, "ubuntu-24-04-x64", "24.04 (LTS) x64", "Ubuntu", 10, 0.68, "2025-07-10", false},
	{198210413, "ubuntu-25-04-x64", "25.04 x64", "Ubuntu", 10, 0.71, "2025-08-01", false},
	{139572934, "debian-11-x64", "11 x64", "Debian", 7, 0.57, "2023-10-03", false},
	{195932604, "debian-12-x64", "12 x64", "Debian", 7, 0.6, "2025-07-10", false},
	{199737424, "debian-13-x64", "13 x64", "Debian", 7, 0.62, "2025-08-15", false},
	{170957399, "fedora-41-x64", "41 x64", "Fedora", 15, 1.1, "2024-11-05", false},
	{189910217, "fedora-42-x64", "42 x64", "Fedora", 15, 1.1, "2025-05-14", false},
	{162760337, "centos-stream-9-x64", "9 Stream x64", "CentOS", 10, 1.31, "2024-07-31", false},
	{191409106, "rockylinux-9-x64", "9 x64", "Rocky Linux", 10, 1.47, "2025-05-28", false},
	{196101112, "docker-20-04", "Docker on Ubuntu 22.04", "Ubuntu", 25, 2.1, "2025-07-12", true},
	{187233458, "haproxy-20-04", "HAProxy on Ubuntu 22.04", "Ubuntu", 25, 1.4, "2025-04-22", true},
}

// newImages builds the public images, available in every open region.
func newImages() []*image {
	var images []*image
	for _, c := range catalogueImages {
		kind := "base"
		if c.application {
			kind = "snapshot"
		}
		created, err := time.Parse(time.DateOnly, c.created)
		if err != nil {
			panic("catalogue of images: " + err.Error())
		}
		images = append(images, &image{
			ID: c.id, Slug: &c.slug, Name: c.name, Distribution: c.distribution,
			Type: kind, Public: true, Regions: regionsExcept(nil),
			CreatedAt: created, MinDiskSize: c.minDisk, SizeGigabytes: c.sizeGiB,
			Description: c.distribution + " " + c.name, Tags: []string{}, Status: "available",
			application: c.application,
		})
	}
	return images
}
