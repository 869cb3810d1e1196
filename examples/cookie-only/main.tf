# A stable cookie for a release that is deployed by other means. No DigitalOcean
# account is needed.

terraform {
  required_providers {
    beam = {
      source = "beamcluster/beam"
    }
  }
}

resource "beam_cookie" "myapp" {
  format = "elixir"
}

# Fly: terraform output -raw fly_secret | fly secrets import
output "fly_secret" {
  sensitive = true
  value     = "RELEASE_COOKIE=${beam_cookie.myapp.value}\n"
}

# edeliver, rebar3 and plain erl: the line of vm.args, which is better kept out
# of source control.
output "vm_args" {
  sensitive = true
  value     = "-setcookie ${beam_cookie.myapp.value}\n"
}

# mix release reads the environment, so that mix.exs stays free of the secret:
# cookie: System.get_env("RELEASE_COOKIE")
output "release_cookie" {
  sensitive = true
  value     = beam_cookie.myapp.value
}
