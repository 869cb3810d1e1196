defmodule Chat.MixProject do
  use Mix.Project

  def project do
    [app: :chat, version: System.get_env("CHAT_VERSION", "0.1.0"), elixir: "~> 1.12", deps: [], releases: [chat: [steps: [:assemble, :tar]]]]
  end

  def application do
    [mod: {Chat, []}, extra_applications: [:logger, :crypto]]
  end
end
