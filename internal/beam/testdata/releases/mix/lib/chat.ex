defmodule Chat do
  @moduledoc """
  Answers HTTP requests:

    * `/headers` with the headers that arrived, one a line
    * `/row/NAME` with NAME, once it was written to the database and read back
    * `/live/websocket` with a WebSocket that echoes
    * `/slow` with the node's name, two seconds later
    * `/version` with the release's version
    * `/setting/NAME` with an environment variable of that name
    * `/pdf` with a page that another program draws
    * `/upload/NAME` with the names that were kept so far in the folder UPLOADS, NAME among them
    * `/losses` with the nodes that it lost sight of since it was started
    * everything else with the node's name and the nodes that it sees

  At the UDP port UDP_PORT, where there is one, it answers with what it is told and the node's name.
  """
  use Application

  @impl true
  def start(_type, _args) do
    if System.get_env("CHAT_CRASHES") || version() =~ "crashes", do: raise("told to crash")
    server = %{id: :http, start: {Task, :start_link, [&serve/0]}, restart: :permanent}
    Supervisor.start_link([Chat.Losses, server | Chat.Datagrams.children()], strategy: :one_for_one)
  end

  defp version, do: to_string(Application.spec(:chat, :vsn))

  defp serve do
    port = Application.fetch_env!(:chat, :port)

    {:ok, listener} =
      :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true, backlog: 128])

    accept(listener)
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    spawn(fn -> answer(socket) end)
    accept(listener)
  end

  defp answer(socket) do
    {:ok, {:http_request, _method, {:abs_path, path}, _version}} = :gen_tcp.recv(socket, 0, 5_000)

    case {path, headers(socket)} do
      {"/live/websocket", headers} -> Chat.Socket.open(socket, Map.new(headers)["sec-websocket-key"])
      {path, headers} -> reply(socket, page(path, headers))
    end

    :gen_tcp.close(socket)
  end

  @doc "What there is to read at a path."
  def page("/headers", headers), do: Enum.map_join(headers, fn {name, value} -> "#{name}: #{value}\n" end)
  def page("/row/" <> name, _), do: Chat.Rows.keep(name)
  def page("/slow", _), do: slowly(node())
  def page("/version", _), do: version()
  def page("/setting/" <> name, _), do: System.get_env(name, "")
  def page("/pdf", _), do: Chat.Pages.draw("drawn on #{node()}")
  def page("/upload/" <> name, _), do: Chat.Uploads.keep(name)
  def page("/losses", _), do: Enum.map_join(Chat.Losses.all(), &"#{&1}\n")
  def page(_, _), do: Enum.map_join([node() | Enum.sort(Node.list())], &"#{&1}\n")

  defp slowly(node) do
    Process.sleep(2_000)
    to_string(node)
  end

  @doc "The headers of a request that was begun to be read, in lower case."
  def headers(socket) do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, {:http_header, _, name, _, value}} -> [{String.downcase(to_string(name)), value} | headers(socket)]
      {:ok, :http_eoh} -> []
    end
  end

  defp reply(socket, body) do
    head = "HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n"
    :gen_tcp.send(socket, [head, body])
  end
end

defmodule Chat.Losses do
  @moduledoc "The nodes that went out of sight, the latest first."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def all, do: GenServer.call(__MODULE__, :all)

  @impl true
  def init(lost) do
    :ok = :net_kernel.monitor_nodes(true)
    {:ok, lost}
  end

  @impl true
  def handle_call(:all, _from, lost), do: {:reply, lost, lost}

  @impl true
  def handle_info({:nodedown, node}, lost), do: {:noreply, [node | lost]}
  def handle_info({:nodeup, _node}, lost), do: {:noreply, lost}
end

defmodule Chat.Pages do
  @moduledoc "Draws PDFs as apps do: with a program of its own, by way of a temporary file."

  @script """
  set -eu
  page=$(mktemp)
  stream="BT /F1 24 Tf 72 720 Td ($1) Tj ET"
  {
    echo '%PDF-1.4'
    echo '1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj'
    echo '2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj'
    echo '3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>> endobj'
    echo "4 0 obj <</Length ${#stream}>> stream"
    echo "$stream"
    echo 'endstream endobj'
    echo '5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj'
    echo 'trailer <</Root 1 0 R>>'
    echo '%%EOF'
  } >"$page"
  cat "$page"
  rm "$page"
  """

  def draw(text) do
    {page, 0} = System.cmd("sh", ["-c", @script, "draw", text])
    page
  end
end

defmodule Chat.Uploads do
  @moduledoc "Files that outlive the release which kept them."

  def keep(name) do
    folder = System.fetch_env!("UPLOADS")
    File.write!(Path.join(folder, name), name)
    folder |> File.ls!() |> Enum.sort() |> Enum.map_join(&"#{&1}\n")
  end
end

defmodule Chat.Datagrams do
  @moduledoc "Answers datagrams."

  def children do
    case System.get_env("UDP_PORT") do
      nil -> []
      port -> [%{id: :udp, start: {Task, :start_link, [fn -> listen(String.to_integer(port)) end]}, restart: :permanent}]
    end
  end

  defp listen(port) do
    {:ok, socket} = :gen_udp.open(port, [:binary, active: false])
    echo(socket)
  end

  defp echo(socket) do
    {:ok, {address, port, text}} = :gen_udp.recv(socket, 0)
    :ok = :gen_udp.send(socket, address, port, "#{text} from #{node()}")
    echo(socket)
  end
end

defmodule Chat.Socket do
  @moduledoc "A WebSocket (RFC 6455) for short texts, which come back in frames of their own."
  import Bitwise

  # RFC 6455, section 1.3.
  @guid "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

  def open(socket, key) do
    accept = Base.encode64(:crypto.hash(:sha, key <> @guid))

    :gen_tcp.send(socket, [
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n",
      "sec-websocket-accept: #{accept}\r\n\r\n"
    ])

    :inet.setopts(socket, packet: :raw)
    echo(socket)
  end

  # What a client sends is masked, and has fewer than 126 bytes here.
  defp echo(socket) do
    with {:ok, <<1::1, _::3, 1::4, 1::1, length::7, mask::binary-4>>} <- :gen_tcp.recv(socket, 6),
         {:ok, masked} <- :gen_tcp.recv(socket, length) do
      :gen_tcp.send(socket, [<<0x81, length>>, unmask(masked, mask)])
      echo(socket)
    end
  end

  defp unmask(masked, mask) do
    [:binary.bin_to_list(masked), Stream.cycle(:binary.bin_to_list(mask))]
    |> Enum.zip_with(fn [byte, key] -> bxor(byte, key) end)
  end
end

defmodule Chat.Rows do
  @moduledoc "Rows in Postgres, by way of psql: no driver comes with Elixir."

  @doc "Writes a row unless it is there, and reads it back."
  def keep(name) do
    query("INSERT INTO rows (name) VALUES (:'name') ON CONFLICT DO NOTHING;\nSELECT name FROM rows WHERE name = :'name';\n", name)
  end

  @doc "Makes the tables, and notes who asked for that."
  def create(version) do
    query(
      """
      CREATE TABLE IF NOT EXISTS rows (name text PRIMARY KEY);
      CREATE TABLE IF NOT EXISTS migrations (version text);
      INSERT INTO migrations (version) VALUES (:'name');
      """,
      version
    )
  end

  # The password must not be an argument: every user may read those.
  defp query(sql, name) do
    url = URI.parse(System.fetch_env!("DATABASE_URL"))
    [user, password] = String.split(url.userinfo, ":")

    env = [
      {"PGHOST", url.host},
      {"PGPORT", to_string(url.port || 5432)},
      {"PGUSER", user},
      {"PGPASSWORD", password},
      {"PGDATABASE", String.trim_leading(url.path, "/")},
      {"PGSSLMODE", "verify-full"},
      {"PGSSLROOTCERT", "/etc/ssl/certs/ca-certificates.crt"},
      {"PGCONNECT_TIMEOUT", "5"}
    ]

    file = Path.join(System.tmp_dir!(), "#{System.unique_integer([:positive])}.sql")
    File.write!(file, sql)
    {output, status} = System.cmd("psql", ~w(-X -A -t -q -w -v ON_ERROR_STOP=1 -v name=#{name} -f #{file}), env: env, stderr_to_stdout: true)
    File.rm!(file)
    if status == 0, do: output, else: raise("psql: #{output}")
  end
end

defmodule Chat.Release do
  @moduledoc "What runs before the release starts."

  @doc "Makes the tables."
  def migrate do
    :ok = Application.ensure_loaded(:chat)
    Chat.Rows.create(to_string(Application.spec(:chat, :vsn)))
  end

  @doc "Leaves a trace of the database it was given."
  def migrate(file) do
    File.write!(file, System.fetch_env!("DATABASE_URL"))
  end
end
