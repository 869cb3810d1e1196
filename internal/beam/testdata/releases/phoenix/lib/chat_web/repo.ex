defmodule Chat.Repo do
  @moduledoc "Begins a connection as Ecto does with `?ssl=true`; rows are psql's business, see Chat.Rows."

  # PostgreSQL's protocol, message flow, SSL session encryption.
  @ssl_request <<8::32, 80_877_103::32>>

  @doc "Says what there is to be said of the database's certificate, by the authorities that the host trusts."
  def certificate do
    [url: url, pool_size: _] = Application.fetch_env!(:chat, __MODULE__)
    %{host: host, port: port, query: "ssl=true"} = URI.parse(url)
    name = String.to_charlist(host)
    {:ok, socket} = :gen_tcp.connect(name, port, [:binary, active: false])
    :ok = :gen_tcp.send(socket, @ssl_request)
    {:ok, "S"} = :gen_tcp.recv(socket, 1)
    options = [verify: :verify_peer, cacerts: :public_key.cacerts_get(), server_name_indication: name]

    case :ssl.connect(socket, options, 5_000) do
      {:ok, secured} -> with :ok <- :ssl.close(secured), do: "right"
      {:error, reason} -> inspect(reason)
    end
  end
end
