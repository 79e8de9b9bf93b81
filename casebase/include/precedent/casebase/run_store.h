#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::casebase {

class Connection;

/// A run as the history lists it.
struct Run {
    std::string id; ///< left empty, the store gives "run-1", "run-2" ...
    std::string name;
    std::string specJson;
    std::string inputsHash; ///< content hash of what it froze
    std::string snapshot; ///< a SnapshotInfo's hash; may be empty
    std::string state; ///< "running", "paused", "stopping", "stopped", "finished", "failed"
    std::string message; ///< why it failed or stopped
    std::string model; ///< as the user named it
    std::string folder; ///< relative to the casebase's folder, or absolute where --out says so
    int steps = 0; ///< planned in all
    int stepsDone = 0; ///< last recorded step
    std::int64_t startedMs = 0;
    std::int64_t endedMs = 0; ///< 0 while it goes on
    bool kept = false; ///< protected from "delete old runs"
};

struct RunStep {
    int step = 0;
    std::map<std::string, double> metrics; ///< TRL's names; NaN and infinities survive
    double seconds = 0;
};

struct RolloutCitation {
    std::string id;
    bool inContext = false;
    bool exists = false;
    bool governs = false;

    bool operator==(const RolloutCitation&) const = default;
};

struct Rollout {
    int step = 0;
    int group = 0;
    int index = 0;
    std::string promptId;
    Mode mode = Mode::none;
    std::string prompt; ///< rendered; stored once for the rollouts of a run that share it
    std::string completion;
    std::string chain;
    std::string answer;
    std::string parseProblem;
    Verdict verdict = Verdict::noAnswer;
    double reward = 0;
    std::map<std::string, double> rewards;
    double advantage = 0;
    int tokens = 0;
    double logprob = 0;
    std::vector<RolloutCitation> citations;
};

struct Checkpoint {
    int step = 0;
    std::string folder; ///< relative to the casebase's folder, or absolute
    std::string sha256;
    std::int64_t createdMs = 0;
};

/// Runs and what they recorded, at full resolution. Errors and threads: see Casebase.
class RunStore {
public:
    explicit RunStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// Returns the id. Fails with alreadyExists.
    [[nodiscard]] Result<std::string> add(const Run& run);
    /// Replaces everything but the recorded steps.
    [[nodiscard]] Status update(const Run& run);
    [[nodiscard]] Status setState(const std::string& run, const std::string& state, const std::string& message);
    [[nodiscard]] Result<Run> find(const std::string& idOrName) const; ///< the newest of that name; notFound
    [[nodiscard]] Result<std::vector<Run>> all() const; ///< newest first
    /// Removes the run with its steps, rollouts, inputs and checkpoint entries (files on disk are the caller's).
    [[nodiscard]] Status remove(const std::string& run);

    /// What the run froze, by name ("inputs" ...): any bytes, up to 900 MB each.
    [[nodiscard]] Status setInputs(const std::string& run, const std::string& name, const std::string& bytes);
    [[nodiscard]] Result<std::string> inputs(const std::string& run, const std::string& name) const; ///< notFound

    /// One step with its rollouts, all or nothing. A step that is there already is replaced, so a resumed run can
    /// write again what it repeats.
    [[nodiscard]] Status recordStep(const std::string& run, const RunStep& step, const std::vector<Rollout>& rollouts);
    /// Removes steps, rollouts and checkpoints after `step`: what a resume from its checkpoint makes anew.
    [[nodiscard]] Status truncateAfter(const std::string& run, int step);
    [[nodiscard]] Result<std::vector<RunStep>> steps(const std::string& run) const; ///< in order
    [[nodiscard]] Result<std::vector<Rollout>> rollouts(const std::string& run, std::optional<int> step = {}) const;
    [[nodiscard]] Status forEachRollout(const std::string& run, const std::function<Status(const Rollout&)>& visit) const;
    [[nodiscard]] Result<std::int64_t> rolloutCount(const std::string& run) const;

    [[nodiscard]] Status recordCheckpoint(const std::string& run, const Checkpoint& checkpoint); ///< replaces the same step's
    [[nodiscard]] Result<std::vector<Checkpoint>> checkpoints(const std::string& run) const; ///< in order
    [[nodiscard]] Status removeCheckpoint(const std::string& run, int step);

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
