defmodule Chat.MixProject do
  use Mix.Project

  def project do
    [
      app: :chat,
      version: version(),
      elixir: "~> 1.12",
      # What the app does is what the release of mix does.
      elixirc_paths: ["lib", Path.expand("../mix/lib", __DIR__)],
      aliases: ["assets.deploy": &digest/1],
      deps: [],
      releases: [chat: [steps: [:assemble, :tar]]]
    ]
  end

  def application do
    [mod: {Chat.Application, []}, extra_applications: [:logger, :ssl]]
  end

  defp version, do: System.get_env("CHAT_VERSION", "0.1.0")

  # As `mix phx.digest` does: each file is named by its content, too.
  defp digest(_arguments) do
    script = File.read!("assets/js/app.js") <> "// #{version()}\n"
    digested = "assets/app-#{Base.encode16(:crypto.hash(:md5, script), case: :lower)}.js"
    File.mkdir_p!("priv/static/assets")

    for {file, content} <- [
          {"assets/app.js", script},
          {digested, script},
          {"cache_manifest.json", ~s({"latest":{"assets/app.js":"#{digested}"}})}
        ] do
      File.write!(Path.join("priv/static", file), content)
    end
  end
end
