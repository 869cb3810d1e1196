package cluster

import "math"

// Cents is what something costs in a month, in hundredths of a USD and without
// taxes. Whole cents add up to the same sum in whatever order, so that a plan
// and the apply that follows it never differ.
type Cents int

// What DigitalOcean charges by its price list, which no API tells.
const (
	volumeGiBCents = 10   // for each GiB of a volume, full or not
	backupsShare   = 0.20 // of the droplet's price, for backups every week
)

// Dollars is the amount in USD.
func (c Cents) Dollars() float64 { return float64(c) / 100 }

// DropletCost is what a droplet of the size's price costs, in USD a month.
func DropletCost(price float64, backups bool) Cents {
	if backups {
		price *= 1 + backupsShare
	}
	return Cents(math.Round(price * 100))
}

// Cost is what the droplet costs.
func (d Droplet) Cost() Cents { return DropletCost(d.PriceMonthly, d.Backups) }

// VolumeCost is what a volume costs.
func VolumeCost(gib int) Cents { return Cents(gib * volumeGiBCents) }

// costOf adds up what exists of the cluster. Its address is free while it leads
// to a droplet, and a snapshot is kept only when the cluster is gone.
func costOf(m Memory, o Observed) Cents {
	var sum Cents
	for _, d := range o.Droplets {
		if _, known := m.Hosts[d.ID]; known {
			sum += d.Cost()
		}
	}
	if o.Volume != nil {
		sum += VolumeCost(o.Volume.SizeGiB)
	}
	return sum
}
