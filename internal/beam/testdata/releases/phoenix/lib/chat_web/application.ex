defmodule Chat.Application do
  @moduledoc "An app that has the shape of one of Phoenix, and needs no library."
  use Application

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([Chat.Losses, ChatWeb.Endpoint | Chat.Datagrams.children()], strategy: :one_for_one)
  end
end
