#include "precedent/workspace/export_provenance.h"

#include "precedent/base/json.h"
#include "precedent/casebase/run_store.h"

namespace precedent::workspace {

Result<std::string> exportProvenance(const ModelSource& source, const casebase::Casebase* casebase, const std::string& programVersion)
{
    Json json = {{"program", "Precedent " + programVersion}, {"model", source.name}};
    if (source.run.empty() || casebase == nullptr)
        return dumpJson(json);
    const Result<casebase::Run> run = casebase->runs().find(source.run);
    if (!run)
        return run.error();
    const Result<Json> spec = parseJson(run->specJson, "The spec of run " + run->id);
    if (!spec)
        return spec.error();
    json["run"] = {{"id", run->id}, {"name", run->name}, {"step", source.checkpoint}, {"spec", *spec}, {"casebase_snapshot", run->snapshot},
        {"inputs_hash", run->inputsHash}};
    return dumpJson(json);
}

} // namespace precedent::workspace
