defmodule ChatWeb.Endpoint do
  @moduledoc """
  Leads requests through plugs, as an endpoint of Phoenix does, with connections that are kept.

  ChatWeb.Health is not among the sources: the guide on Phoenix has it.
  """
  use Supervisor

  # Read when the app is compiled, as Phoenix does.
  @force_ssl Application.compile_env(:chat, [ChatWeb.Endpoint, :force_ssl])

  # How long a connection may be silent.
  @idle 60_000

  def start_link(_), do: Supervisor.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init(_) do
    if byte_size(config(:secret_key_base)) < 64, do: raise("secret_key_base has to be at least 64 bytes")
    server = %{id: :http, start: {Task, :start_link, [&listen/0]}, restart: :permanent}
    Supervisor.init(if(config(:server), do: [server], else: []), strategy: :one_for_one)
  end

  @doc "The host that users see."
  def host, do: config(:url)[:host]

  @doc "The address of a file in priv/static, by the manifest of digested ones."
  def static_path(file) do
    manifest = File.read!(Application.app_dir(:chat, config(:cache_static_manifest)))
    [_, digested] = Regex.run(~r/"#{Regex.escape(file)}":"([^"]+)"/, manifest)
    "/#{digested}?vsn=d"
  end

  defp config(key), do: Application.fetch_env!(:chat, __MODULE__)[key]

  # The first two come with `use Phoenix.Endpoint`, before an app's own.
  defp plugs do
    [
      {ChatWeb.ForceSSL, @force_ssl},
      {ChatWeb.LiveSocket, config(:check_origin)},
      {ChatWeb.Health, []},
      {ChatWeb.Static, []},
      {ChatWeb.Router, []}
    ]
  end

  defp listen do
    [ip: ip, port: port] = config(:http)
    options = [:binary, :inet6, ip: ip, packet: :http_bin, active: false, reuseaddr: true, backlog: 1024]
    {:ok, listener} = :gen_tcp.listen(port, options)
    accept(listener)
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    pid = spawn(fn -> receive(do: (:yours -> serve(socket))) end)
    :ok = :gen_tcp.controlling_process(socket, pid)
    send(pid, :yours)
    accept(listener)
  end

  # The connection is closed with the process.
  defp serve(socket) do
    with {:ok, {:http_request, method, {:abs_path, target}, _version}} <- :gen_tcp.recv(socket, 0, @idle) do
      conn = Enum.reduce_while(plugs(), conn(socket, method, target), &through/2)
      if conn.status, do: reply(conn)
    end
  end

  defp through({plug, options}, conn) do
    conn = plug.call(conn, options)
    {if(conn.halted, do: :halt, else: :cont), conn}
  end

  defp conn(socket, method, target) do
    [path | query] = String.split(target, "?", parts: 2)
    headers = Chat.headers(socket)
    {"host", host} = List.keyfind(headers, "host", 0, {"host", ""})

    %Plug.Conn{
      socket: socket,
      method: to_string(method),
      request_path: path,
      query_string: Enum.join(query),
      path_info: String.split(path, "/", trim: true),
      host: hd(String.split(host, ":")),
      req_headers: headers
    }
  end

  defp reply(conn) do
    headers = [{"content-length", byte_size(conn.resp_body)} | conn.resp_headers]
    head = ["HTTP/1.1 #{conn.status} \r\n" | for({name, value} <- headers, do: "#{name}: #{value}\r\n")]
    :ok = :gen_tcp.send(conn.socket, [head, "\r\n", if(conn.method == "HEAD", do: "", else: conn.resp_body)])
    serve(conn.socket)
  end
end
