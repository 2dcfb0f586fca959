"""The gate says whether a contract is good. It reads the file and nothing else, so any OpenAPI 3.0 file can come to it.

    findings      rules, where they are broken, and what could not be looked at
    places        the file: its lines, and what no contract may be (endless, or no JSON)
    contracts     what the rules look at: operations, parameters, answers, schemas with their direction
    valid         stage valid: it is OpenAPI, its schemas can be met, its examples fit
    form          stage style: the file, its tags, its paths, its references
    names         stage style: what things are called
    shapes        stage style: schemas that stay open or closed, bounded, and kind to generators
    exchanges     stage style: lists, patches, problems, statuses, headers
    writes        stage style: what keeps readers current, and writers from undoing each other
    complete      stage complete: what a caller needs to know, and the server to serve it, is there
    rules         all of them in one table, and the run
    reports       the table, annotations, JUnit XML, SARIF
    messages      JSON lines for a pipeline that asks people

A rule is a row: an id, its stage, its reason, its source, and a function that yields what breaks it. There is no list
of exceptions: a rule that is wrong about a contract is made exact, or goes.
"""
