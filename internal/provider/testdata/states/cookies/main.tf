terraform {
  required_providers {
    beam = { source = "beamcluster/beam" }
  }
}

resource "beam_cookie" "generated" {}

resource "erlang_cookie" "otp" {
  provider = beam
  format   = "otp"
}

resource "beam_cookie" "kept" {
  format  = "elixir"
  keepers = { rotated = "2026-11" }
}

resource "beam_cookie" "imported" {}

import {
  to = beam_cookie.imported
  id = "monster"
}

resource "erlang_cookie" "moved" {
  provider = beam
}

moved {
  from = beam_cookie.former
  to   = erlang_cookie.moved
}
