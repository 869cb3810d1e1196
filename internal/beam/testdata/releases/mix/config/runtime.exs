import Config

# PORT is missing when the release is only asked to `eval`.
config :chat, port: String.to_integer(System.get_env("PORT") || "0")
