#pragma once

#include <filesystem>
#include <memory>

#include "precedent/base/result.h"
#include "precedent/core/completion_source.h"
#include "precedent/core/run_inputs.h"
#include "precedent/workspace/endpoint_judge.h"
#include "precedent/workspace/reply_tally.h"

namespace precedent::workspace {

/// The server that the self-generation steps of a run ask, for a run of the casebase at `path`, which it opens anew for its own thread and
/// keeps replies in, counted in `tally`; null where the run's own model draws. Each completion is a request of its own with a seed of its
/// own, which vLLM, llama.cpp's server and Ollama all take. Reasoning that the server gives apart stands before the answer, between the
/// templates' delimiters. Fails as ChatClient::create(), naming the setting, and as Casebase::open().
[[nodiscard]] Result<std::shared_ptr<core::CompletionSource>> openCompletionSource(
    const core::RunInputs& inputs, const std::filesystem::path& path, std::shared_ptr<ReplyTally> tally);

/// Whether that server can be asked as the spec says; the server itself is left alone. Fails as openCompletionSource(), and with
/// invalidArgument for settings that servers do not know.
[[nodiscard]] Status checkCompletionSource(const core::RunSpec& spec);

} // namespace precedent::workspace
