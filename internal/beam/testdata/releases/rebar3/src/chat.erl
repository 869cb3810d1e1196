-module(chat).
-behaviour(application).
-behaviour(supervisor).

-export([start/2, stop/1, init/1, start_server/0, migrate/0, migrate/1]).

start(_Type, _Args) ->
    supervisor:start_link({local, ?MODULE}, ?MODULE, []).

stop(_State) ->
    ok.

init([]) ->
    {ok, {#{}, [#{id => http, start => {?MODULE, start_server, []}}]}}.

start_server() ->
    Port = list_to_integer(os:getenv("PORT")),
    {ok, Listener} = gen_tcp:listen(Port, [binary, {packet, http_bin}, {active, false}, {reuseaddr, true}]),
    Pid = spawn_link(fun() -> accept(Listener) end),
    ok = gen_tcp:controlling_process(Listener, Pid),
    {ok, Pid}.

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    spawn(fun() -> answer(Socket) end),
    accept(Listener).

answer(Socket) ->
    {ok, {http_request, _Method, _Path, _Version}} = gen_tcp:recv(Socket, 0, 5000),
    Nodes = [node() | lists:sort(nodes())],
    Body = iolist_to_binary([[atom_to_list(Node), $\n] || Node <- Nodes]),
    Length = integer_to_list(byte_size(Body)),
    Head = ["HTTP/1.1 200 OK\r\ncontent-length: ", Length, "\r\nconnection: close\r\n\r\n"],
    ok = gen_tcp:send(Socket, [Head, Body]),
    gen_tcp:close(Socket).

%% Makes the tables, by way of psql: no driver comes with Erlang. The password
%% must not be an argument: every user may read those.
migrate() ->
    #{host := Host, userinfo := UserInfo, path := "/" ++ Database} = uri_string:parse(os:getenv("DATABASE_URL")),
    [User, Password] = string:split(UserInfo, ":"),
    Env = [{"PGHOST", Host}, {"PGUSER", User}, {"PGPASSWORD", Password}, {"PGDATABASE", Database},
           {"PGSSLMODE", "verify-full"}, {"PGSSLROOTCERT", "/etc/ssl/certs/ca-certificates.crt"}],
    Args = ["-Xqw", "-v", "ON_ERROR_STOP=1", "-c", "CREATE TABLE IF NOT EXISTS rows (name text PRIMARY KEY)"],
    finish(open_port({spawn_executable, os:find_executable("psql")}, [{args, Args}, {env, Env}, exit_status, stderr_to_stdout])).

finish(Psql) ->
    receive
        {Psql, {data, Text}} -> io:put_chars(Text), finish(Psql);
        {Psql, {exit_status, 0}} -> ok;
        {Psql, {exit_status, Status}} -> error({psql, Status})
    end.

%% Leaves a trace of the database it was given.
migrate(File) ->
    ok = file:write_file(File, os:getenv("DATABASE_URL")).
