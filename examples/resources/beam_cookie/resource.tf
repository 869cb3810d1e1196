resource "beam_cookie" "chat" {
  format = "elixir" # as Elixir writes into releases/COOKIE
}
