#pragma once

#include <memory>
#include <string>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/judge.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/reply_tally.h"

namespace precedent::workspace {

/// How a server that judges is asked; 0 stands for the client's own choice.
struct EndpointOptions {
    std::string keyVariable; ///< the environment variable that holds the key; empty: PRECEDENT_API_KEY
    double requestsPerMinute = 0;
    int concurrent = 0;
    int timeoutSeconds = 0; ///< of one attempt
    int retries = -1; ///< -1: the client's own choice
};

/// As a run's settings say.
[[nodiscard]] EndpointOptions optionsOf(const core::ServerLimits& limits);

/// A judge that an OpenAI-compatible server answers for, asked with the rubric at temperature 0. `name`: MODEL@URL. With a casebase, which
/// is borrowed, replies are kept in it and what it holds is not asked again; one opened for reading only is looked into alone. The
/// hash is over rubric, model and address: the server's weights cannot be seen. `tally` counts the replies; it may be null. Fails as
/// ChatClient::create() and JudgeRubric::load().
[[nodiscard]] Result<std::unique_ptr<core::Judge>> endpointJudge(
    const std::string& name, const EndpointOptions& options, casebase::Casebase* cache, std::shared_ptr<ReplyTally> tally = {});

} // namespace precedent::workspace
