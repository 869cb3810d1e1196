defmodule Talk do
  @moduledoc """
  Answers every HTTP request with the node's name and the nodes that it sees.
  Before, it writes below the release's own folder, as libraries do that keep
  data of theirs up to date.
  """
  use Application

  @impl true
  def start(_type, _args) do
    File.mkdir_p!(Application.app_dir(:talk, "priv"))
    File.write!(Application.app_dir(:talk, "priv/started"), "#{node()}\n")
    server = %{id: :http, start: {Task, :start_link, [&serve/0]}, restart: :permanent}
    Supervisor.start_link([server], strategy: :one_for_one)
  end

  defp serve do
    port = String.to_integer(System.fetch_env!("PORT"))
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
    body = Enum.map_join([node() | Enum.sort(Node.list())], &"#{&1}\n")
    head = "HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n"
    :gen_tcp.send(socket, [head, body])
    :gen_tcp.close(socket)
  end
end
