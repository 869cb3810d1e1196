import Config

config :chat, ChatWeb.Endpoint, cache_static_manifest: "priv/static/cache_manifest.json"
