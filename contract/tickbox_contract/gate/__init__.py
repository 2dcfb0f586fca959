"""The gate: whether a contract is valid, in good style, complete and compatible, and whether a server keeps it.

Without a server and without programs it reads files and nothing else, so it can check any OpenAPI file. The model that
its rules look at is the reader's (`tickbox_contract.openapi`).

    command       the command `gate`, with its `options`
    runs          one run: the contract, the rules, what is around it
    progress      which rule is being checked, on a terminal
    failures      why the gate could not check a contract
    reading       reads a file, and refuses what would do harm or is not a contract
    texts         a file as plain data with its lines: JSON (`json_lines`), YAML (`yaml_texts`)
    several_files    reads the files that references lead to into one document
    trees         where these files are read from: the working tree, or a git revision (`git_trees`)
    unfolding     schemas that unfold to more than a validator can check
    contracts     a contract with its schemas by use, and what is around the file
    sound         the sound part of a contract whose form is wrong
    findings      what breaks a rule, and what could not be checked
    valid         stage valid: it is OpenAPI, and does not contradict itself
    declarations  stage valid: paths, scopes, server variables, media types, links
    keywords      stage valid: keywords of schemas that are misspelled, say nothing or contradict each other
    regexes       stage valid: regular expressions of JavaScript
    json_schemas  stage valid: schemas as JSON Schema, as the specification means them
    impossible    stage valid: schemas that no value fits
    examples      stage valid: examples and defaults that do not fit their schemas
    form          stage style: the file, its tags, its paths, its references
    names         stage style: names
    shapes        stage style: schemas are open or closed, bounded, and suit generators
    exchanges     stage style: lists, patches, problems, statuses, headers
    writes        stage style: entity tags, conditions, idempotency keys
    complete      stage complete: everything exists that callers and the server need
    standard      standard responses and headers that an operation lacks
    fixes         writes them into the file (`gate --fix`)
    live          stages conforms and guarded, which need a running server, and clients, which runs programs
    rules         all rules in one table, and a run
    rule_sets     which rules hold for any contract, and which for teams that choose them
    settings      `gate.toml`: what a team decides (`settings_reading` reads it strictly)
    baselines     findings that a team begins with
    exceptions    applies settings and baseline to what was found
    places        names of places that survive reordering, and patterns of them
    handlers      looks for the handlers in a package
    reports       the table, annotations for GitHub
    junit, sarif, gitlab    reports for tools
    messages      JSON lines for a pipeline that asks people

A rule is a row: an id, its stage, its reason, its source, and a function that yields what breaks it. The rules of
`tickbox_contract.openapi.servable` are also checked by the engine at start-up. A rule that is wrong about a contract
is made exact, or deleted. A team that decides otherwise than a rule says so in its `gate.toml`, with its reason.
"""
