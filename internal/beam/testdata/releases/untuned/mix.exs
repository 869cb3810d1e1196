defmodule Talk.MixProject do
  use Mix.Project

  def project do
    [app: :talk, version: "0.1.0", elixir: "~> 1.12", deps: [], releases: [talk: [steps: [:assemble, :tar]]]]
  end

  def application do
    [mod: {Talk, []}, extra_applications: [:logger]]
  end
end
