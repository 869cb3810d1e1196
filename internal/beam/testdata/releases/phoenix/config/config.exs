import Config

config :chat, ChatWeb.Endpoint, url: [host: "localhost"]

import_config "#{config_env()}.exs"
