variable "ssh_keys" {
  description = "Fingerprints or ids of the account's SSH keys that may log in."
  type        = list(string)
  default     = []
}

variable "ssh_from" {
  description = "Addresses that may use SSH and see HAProxy's statistics, as CIDRs: yours, and that of the machine Terraform runs on. Empty closes both."
  type        = list(string)
  default     = ["203.0.113.7/32"]
}

variable "release_url" {
  description = "Where the hosts fetch the release from: what `mix release` or `rebar3 tar` wrote."
  type        = string
  default     = "https://example.com/chat-0.1.0.tar.gz"
}

variable "release_sha256" {
  description = "What `sha256sum` says of the release."
  type        = string
  default     = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}
