// Terraform-provider-beam serves the provider to Terraform and OpenTofu.
package main

import (
	"flag"
	"log"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/beamcluster/terraform-provider-beam/internal/provider"
)

// version is set by the linker in a release.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger instead of being started by Terraform")
	flag.Parse()
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	} else {
		go endWith(os.Getppid())
	}
	serve := func() tfprotov6.ProviderServer { return provider.NewServer(version, os.Getenv) }
	if err := tf6server.Serve("registry.terraform.io/beamcluster/beam", serve, options...); err != nil {
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
