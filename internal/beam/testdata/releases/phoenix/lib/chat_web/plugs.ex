defmodule ChatWeb.ForceSSL do
  @moduledoc "What Plug.SSL does for an endpoint with the option `force_ssl`."
  import Plug.Conn

  def call(conn, nil), do: conn

  def call(conn, options) do
    cond do
      :x_forwarded_proto in options[:rewrite_on] and get_req_header(conn, "x-forwarded-proto") == ["https"] ->
        put_resp_header(conn, "strict-transport-security", "max-age=31536000")

      conn.host in options[:exclude][:hosts] ->
        conn

      true ->
        conn |> put_resp_header("location", "https://#{ChatWeb.Endpoint.host()}#{conn.request_path}") |> send_resp(301, "") |> halt()
    end
  end
end

defmodule ChatWeb.Static do
  @moduledoc "What Plug.Static does for an endpoint: files of priv/static."
  import Plug.Conn

  def call(%{path_info: ["assets", name]} = conn, _options) do
    case File.read(Application.app_dir(:chat, ["priv/static/assets/", name])) do
      {:ok, content} -> conn |> put_resp_header("cache-control", caching(conn.query_string)) |> send_resp(200, content) |> halt()
      {:error, _} -> conn
    end
  end

  def call(conn, _options), do: conn

  # Pages name a digested file so, see ChatWeb.Endpoint.static_path/1.
  defp caching("vsn=d"), do: "public, max-age=31536000, immutable"
  defp caching(_), do: "public"
end

defmodule ChatWeb.LiveSocket do
  @moduledoc "What Phoenix' socket does for LiveView: it takes a WebSocket of pages of this host only."
  import Plug.Conn

  def call(%{path_info: ["live", "websocket"]} = conn, allowed) do
    case get_req_header(conn, "origin") do
      [origin] -> if allowed?(URI.parse(origin), allowed), do: open(conn), else: conn |> send_resp(403, "") |> halt()
      [] -> open(conn)
    end
  end

  def call(conn, _allowed), do: conn

  # The default is to compare hosts alone.
  defp allowed?(origin, nil), do: origin.host == ChatWeb.Endpoint.host()

  defp allowed?(origin, allowed) do
    Enum.any?(allowed, fn one -> Map.take(URI.parse(one), [:scheme, :host, :port]) == Map.take(origin, [:scheme, :host, :port]) end)
  end

  defp open(conn) do
    Chat.Socket.open(conn.socket, hd(get_req_header(conn, "sec-websocket-key")))
    halt(conn)
  end
end

defmodule ChatWeb.Router do
  @moduledoc "The pages of the app."
  import Plug.Conn

  def call(%{request_path: "/"} = conn, _options) do
    send_resp(conn, 200, ~s(<script src="#{ChatWeb.Endpoint.static_path("assets/app.js")}"></script> on #{node()}\n))
  end

  def call(%{request_path: "/database"} = conn, _options), do: send_resp(conn, 200, "a database whose certificate is #{Chat.Repo.certificate()}")
  def call(conn, _options), do: send_resp(conn, 200, Chat.page(conn.request_path, conn.req_headers))
end
