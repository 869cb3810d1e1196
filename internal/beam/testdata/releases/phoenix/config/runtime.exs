import Config

# It asks the environment for what the file asks that `mix phx.new` writes, and
# refuses to start without the same.
if System.get_env("PHX_SERVER") do
  config :chat, ChatWeb.Endpoint, server: true
end

database_url = System.get_env("DATABASE_URL") || raise("environment variable DATABASE_URL is missing")
secret_key_base = System.get_env("SECRET_KEY_BASE") || raise("environment variable SECRET_KEY_BASE is missing")

config :chat, Chat.Repo,
  url: database_url,
  pool_size: String.to_integer(System.get_env("POOL_SIZE") || "10")

config :chat, ChatWeb.Endpoint,
  url: [host: System.get_env("PHX_HOST") || "example.com", port: 443, scheme: "https"],
  http: [ip: {0, 0, 0, 0, 0, 0, 0, 0}, port: String.to_integer(System.get_env("PORT") || "4000")],
  secret_key_base: secret_key_base
