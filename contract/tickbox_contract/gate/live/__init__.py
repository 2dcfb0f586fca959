"""The stages that need a running server, or clients: whether they do what the contract says.

    servers        the server and the values that `gate.toml` names
    callers        those who have a token, and what each may do
    credentials    how a token is sent, and what no server may take for one
    requests       what an operation would accept
    attempts       one operation, tried by somebody: refused or admitted
    wire           HTTP as bytes on a socket
    probes         requests that every server must reject: one table, for any target
    targets        finds in a contract what the probes are sent to
    conforming     stage conforms: the probes, and Schemathesis
    schemathesis   runs it, and reads its report
    guarded        stage guarded: every operation without a token, with a wrong one, with too few rights, in the place
                   of others, and with what suffices
    clients        stage clients: generators, compilers and what a team wrote with the clients that they made

All of it needs the standard library alone. Schemathesis, generators and compilers are programs of their own, which are
run if they are installed.
"""
