resource "erlang_cookie" "chat" {
  # Terraform takes the first word of a type for the provider's name. This line
  # says that the type is the beam provider's; beam_cookie needs no such line.
  provider = beam

  # A new cookie whenever one of these changes.
  keepers = {
    rotated = "2026-11"
  }
}

# The value is a secret; the fingerprint is safe to print.
output "cookie_fingerprint" {
  value = erlang_cookie.chat.fingerprint
}
