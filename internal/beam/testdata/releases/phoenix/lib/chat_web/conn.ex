defmodule Plug.Conn do
  @moduledoc "As much of Plug as the plugs of this release take."

  defstruct [:socket, :method, :request_path, :query_string, :host, :status, path_info: [], req_headers: [], resp_headers: [], resp_body: "", halted: false]

  def get_req_header(conn, name), do: for({^name, value} <- conn.req_headers, do: value)

  def put_resp_header(conn, name, value), do: %{conn | resp_headers: [{name, value} | conn.resp_headers]}

  def send_resp(conn, status, body), do: %{conn | status: status, resp_body: body}

  def halt(conn), do: %{conn | halted: true}
end
