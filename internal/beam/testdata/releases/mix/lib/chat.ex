defmodule Chat do
  @moduledoc "Answers every HTTP request with its node's name and the nodes it sees."
  use Application

  @impl true
  def start(_type, _args) do
    server = %{id: :http, start: {Task, :start_link, [&serve/0]}, restart: :permanent}
    Supervisor.start_link([server], strategy: :one_for_one)
  end

  defp serve do
    port = Application.fetch_env!(:chat, :port)
    {:ok, listener} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true])
    accept(listener)
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    spawn(fn -> answer(socket) end)
    accept(listener)
  end

  defp answer(socket) do
    {:ok, {:http_request, _method, _path, _version}} = :gen_tcp.recv(socket, 0, 5_000)
    body = Enum.join([node() | Enum.sort(Node.list())], "\n") <> "\n"
    head = "HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n"
    :gen_tcp.send(socket, [head, body])
    :gen_tcp.close(socket)
  end
end

defmodule Chat.Release do
  @moduledoc "What runs before the release starts."

  @doc "Leaves a trace of the database it was given."
  def migrate(file) do
    File.write!(file, System.fetch_env!("DATABASE_URL"))
  end
end
