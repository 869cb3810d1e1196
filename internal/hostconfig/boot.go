package hostconfig

import "fmt"

// stepFolder is where a host keeps its steps.
const stepFolder = "/usr/local/lib/beam/steps/"

// stepHead begins each step's file. The second line is the step's name.
const stepHead = "#!/bin/sh\n# %s\nset -eu\n. /usr/local/lib/beam/functions.sh\n"

// addBoot turns the document's steps into files, and adds the
// service that carries the steps out. Once all files are written cloud-init
// hands over to the service, which comes back with each boot: a power cycle
// amid a step delays it and does no more.
func (d *Document) addBoot() error {
	for i, step := range d.Steps {
		d.Files = append(d.Files, File{
			Path:    fmt.Sprintf("%s%02d-%s", stepFolder, i+1, step.Slug),
			Mode:    "0700",
			Content: fmt.Sprintf(stepHead, step.Name) + step.Script + "\n",
		})
	}
	return d.addFiles(nil, []templateFile{
		{File{Path: "/usr/local/lib/beam/functions.sh", Mode: "0644"}, "boot/functions.sh"},
		{File{Path: "/usr/local/sbin/beam-boot", Mode: "0700"}, "boot/beam-boot.sh"},
		{File{Path: beginProgram, Mode: "0700"}, "boot/begin-boot.sh"},
		{File{Path: "/etc/systemd/system/beam-boot.service", Mode: "0644"}, "boot/beam-boot.service"},
	})
}
