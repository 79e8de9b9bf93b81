# Reads PATH:LINE: INCLUDE from packaging/check.sh and prints the includes that go where docs/architecture.md does not let them.

function room(path) {
    if (path ~ /^core\/(model|generate|run)\// || path ~ /^core\/align\/torch\//) return "engine"
    if (path ~ /^core\/include\//) return "facade"
    if (path ~ /^core\/(base|text|formats|architecture|remote|align|starter|evaluate)\//) { split(path, part, "/"); return part[2] }
    if (path ~ /^app\/workspace\//) return "workspace"
    if (path ~ /^app\/window\//) return "window"
    if (path ~ /^(app|ui)\//) return path ~ /^app/ ? "programs" : "ui"
    if (path ~ /^casebase\//) return "casebase"
    if (path ~ /^tests\//) return "tests"
    return "elsewhere"
}
function report(what) { print place what }
# Which of our header prefixes each room may include: what its target may link, from the one list of that.
BEGIN {
    rename["core"] = "engine"
    rename["cli_lib"] = "programs"
    may["window"] = " ui"
    while ((getline line < "cmake/PrecedentTargets.cmake") > 0) {
        if (line !~ /^set\(PRECEDENT_MAY_LINK_precedent_/)
            continue
        gsub(/^set\(PRECEDENT_MAY_LINK_|\)$|"/, "", line)
        gsub(/precedent_/, "", line)
        split(line, word, " ")
        of = word[1] in rename ? rename[word[1]] : word[1]
        sub(/^[^ ]+/, "", line)
        sub(/facade/, "core", line)
        may[of] = line " " (of == "facade" || of == "engine" ? "core" : of == "programs" ? "cli" : of)
    }
}
{
    split($1, where, ":")
    place = $1 " "
    path = where[1]
    here = room(path)
    name = substr($2, 2, length($2) - 2)
    ours = $2 ~ /^"/
    if (name ~ /^(torch|ATen|c10|caffe2)\// && here != "engine" && path !~ /^tests\/(model|generate|train|bench|support)\//)
        report("only the engine (core/model, core/generate, core/run, core/align/torch) and its tests know LibTorch: " name)
    if (!ours && name ~ /^(Q[A-Z]|Qt)/ && here != "ui" && here != "tests")
        report("only ui/ and tests/ know Qt: " name)
    if (name ~ /^precedent\//) {
        split(name, part, "/")
        if (here in may && index(" " may[here] " ", " " part[2] " ") == 0)
            report("the room " here " may include headers of" may[here] " and includes " name)
    } else if (ours && name ~ /\.moc$/) {
        if (here != "tests" && here != "ui")
            report("only ui/ and tests/ know Qt: " name)
    } else if (ours) {
        if (name !~ /\//) {
            # A test's own helper beside it is clear enough; elsewhere the path says whose header it is.
            if (here != "tests")
                report("a bare header name can pick up another file; write its path from the root or its precedent/ prefix: " name)
        } else {
            other = room(name)
            if (other != "tests" && here != other && here != "tests")
                report("a private header of another room: " name)
            if (other == "tests" && here != "tests")
                report("only tests include tests: " name)
        }
    }
}
