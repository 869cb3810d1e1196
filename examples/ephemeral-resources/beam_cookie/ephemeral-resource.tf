ephemeral "beam_cookie" "chat" {
  format = "elixir"
}

# Something that keeps secrets takes it once, and another one when the version
# changes. With HashiCorp's provider for Vault:
#
# resource "vault_kv_secret_v2" "chat" {
#   mount                = "secret"
#   name                 = "chat"
#   data_json_wo         = jsonencode({ cookie = ephemeral.beam_cookie.chat.value })
#   data_json_wo_version = 1
# }
#
# From there a cluster reads it in each run; its state never has the cookie:
#
# ephemeral "vault_kv_secret_v2" "chat" {
#   mount = vault_kv_secret_v2.chat.mount # once it is written
#   name  = "chat"
# }
#
# resource "beam_cluster" "chat" {
#   # …
#   cookie_wo         = ephemeral.vault_kv_secret_v2.chat.data.cookie
#   cookie_wo_version = 1
# }
