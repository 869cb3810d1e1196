// Terraform-provider-beam serves the provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/beamcluster/terraform-provider-beam/internal/provider"
)

// version is set by the linker in a release.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger instead of being started by Terraform")
	flag.Parse()
	options := providerserver.ServeOpts{
		Address: "registry.terraform.io/beamcluster/beam",
		Debug:   *debug,
	}
	if !*debug {
		go endWith(os.Getppid())
	}
	if err := providerserver.Serve(context.Background(), provider.New(version), options); err != nil {
		log.Fatal(err)
	}
}

// endWith ends the provider once the process that started it is gone. Terraform
// stops its providers, unless it is killed: one that is left behind would stay
// for ever, and what it still brought about no state would know. Windows does not
// tell of a parent's end.
func endWith(parent int) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			log.Fatal("Terraform is gone")
		}
	}
}
