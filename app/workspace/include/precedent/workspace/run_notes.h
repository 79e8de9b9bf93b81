#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"

/// What people do with runs that are over: notes, names, removal. What the window and the command line share.
namespace precedent::workspace {

/// Free text, stored with the run and removed with it; empty where nobody wrote any. Fails with notFound for no such run.
[[nodiscard]] Result<std::string> runNotes(const casebase::Casebase& casebase, const std::string& run);
[[nodiscard]] Status setRunNotes(casebase::Casebase& casebase, const std::string& run, const std::string& notes);

/// Fails with invalidArgument for a name without a letter.
[[nodiscard]] Status renameRun(casebase::Casebase& casebase, const std::string& run, const std::string& name);

enum class Removal {
    everything, ///< the record, its evaluations, and the checkpoints' folders
    recordOnly, ///< the folders stay on disk
    allButLast, ///< only checkpoints' folders, and not the last one's; the record stays
};

/// What a removal takes away.
struct RemovalPlan {
    casebase::Run run;
    std::vector<int> checkpoints; ///< steps
    std::vector<std::string> folders;
    std::int64_t bytes = 0; ///< in those folders
    std::vector<std::string> evaluations; ///< ids
};
/// Fails with failedPrecondition for a run that is marked to be kept (unless its record stays).
[[nodiscard]] Result<RemovalPlan> planRemoval(const casebase::Casebase& casebase, const std::string& run, Removal what);
/// Does it. Fails with failedPrecondition while some program trains the run; what the message names is untouched then.
[[nodiscard]] Status removeRun(casebase::Casebase& casebase, const RemovalPlan& plan, Removal what);

} // namespace precedent::workspace
