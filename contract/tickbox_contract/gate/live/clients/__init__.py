"""Stage `clients`: whether SDKs can be generated from a contract, compile under strict settings, and drive a server.

    client       one client: its folder and its commands, as `gate.toml` names them
    recipes      clients that every team has: five generators, in pinned versions (`recipes.toml`)
    programs     runs a program with a time limit, and leaves none of its children
    attempts     generates, compiles and drives one client in a temporary folder
    losses       operations of the contract that are not in what was generated
    stage        the rules

The programs are those of the team: generators and compilers. None of them is a dependency of the gate.
"""
