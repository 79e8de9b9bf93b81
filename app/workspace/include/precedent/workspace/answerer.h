#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/align/context_budget.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/text/chain_parser.h"
#include "precedent/workspace/endpoint_judge.h"

namespace precedent::workspace {

/// What a prompt's context is made of, best cases first; `firm` of them do not give way.
struct ContextParts {
    Mode mode = Mode::none;
    const std::vector<core::Code>& codes;
    std::vector<const core::Case*> ranked;
    std::size_t firm = 0;
    std::string begun = {}; ///< of the model's turn, as begunTurn() writes it
};

/// A prompt as it is put to an answerer.
struct AskedPrompt {
    const casebase::Prompt* prompt = nullptr; ///< borrowed
    align::FittedPrompt fitted;
    std::uint64_t seed = 0;
    std::string begun = {}; ///< the end of what is rendered: it belongs to the answer
    std::string suffix = {}; ///< what an attack put behind the request
};

struct GivenAnswer {
    std::size_t prompt = 0; ///< its place among those asked
    int sample = 0;
    std::string completion; ///< chain and answer
    bool whole = false; ///< not cut off
    bool weighed = false; ///< a letter that was chosen by its log-probability, not written
};

struct GivenAnswers {
    std::vector<GivenAnswer> answers;
    std::int64_t promptTokens = 0; ///< 0 where nobody counts them
    std::int64_t completionTokens = 0;
    std::int64_t kept = 0; ///< of the answers, those that an earlier sitting left
};

class PendingAnswers;

/// Whoever answers a suite's prompts: a model of this machine, a server, or a file of answers made elsewhere. Thread: one at a time.
class Answerer {
public:
    virtual ~Answerer() = default;

    /// Whether a context is made for it: not for answers that are there already.
    [[nodiscard]] virtual bool readsContext() const { return true; }

    /// Whether the answers given so far are there when the same is asked again.
    [[nodiscard]] virtual bool keepsAnswers() const { return false; }

    /// The prompt with as much of its context as is read.
    [[nodiscard]] virtual Result<align::FittedPrompt> fit(ContextParts parts, const casebase::Prompt& prompt, std::uint64_t seed) const = 0;

    /// log p of a text behind the prompt, the sum over its tokens. Fails with unsupported where nobody can say, as it is for answers from
    /// elsewhere.
    [[nodiscard]] virtual Result<double> logProbOf(
        const align::FittedPrompt& /*prompt*/, const std::string& /*text*/, const std::stop_token& /*stop*/)
    {
        return Error(ErrorCode::unsupported, "Only a model of this machine says how likely a text is.");
    }

    /// Answers all of them, without what was begun for it; `onAnswer` is told each prompt's place as its answer comes. What was not
    /// answered is left out. Blocks. Fails with cancelled, or as what answers does.
    [[nodiscard]] virtual Result<GivenAnswers> answer(
        const std::vector<AskedPrompt>& asked, const std::function<void(std::size_t)>& onAnswer, const std::stop_token& stop) = 0;

    [[nodiscard]] virtual text::ParsedCompletion parse(const std::string& completion) const = 0;
};

/// A loaded model. `encoder` and `templates` are borrowed. With `weighsChoices` it answers questions of multiple choice with the letter
/// that is likeliest behind a chain without a word, and writes nothing. `pending`, where given, keeps the answers as they come, and what
/// it holds is not asked again.
[[nodiscard]] std::unique_ptr<Answerer> modelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, const core::Sampling& sampling, int promptBudget, bool weighsChoices = true,
    std::shared_ptr<PendingAnswers> pending = nullptr);

/// An OpenAI-compatible server, `name` MODEL@URL, asked with messages: context and request. Whole replies are kept in the casebase, which
/// is borrowed and may be null, and not asked for again. How long a prompt it takes is the server's matter. Fails as ChatClient::create().
[[nodiscard]] Result<std::unique_ptr<Answerer>> endpointAnswerer(const std::string& name, const EndpointOptions& options,
    const core::ContextTemplates& templates, const core::Sampling& sampling, casebase::Casebase* cache);

/// Answers made elsewhere, whole as they are: JSONL, JSON or CSV with a request and a completion in each row (XSTest's completions
/// among them), HarmBench's completions by behaviour, a log of Inspect's in JSON. A row belongs to the prompts with its request's text,
/// else to the prompt with its id; several of one prompt are its samples. Fails with notFound (file), corrupt or invalidArgument (nothing
/// in it that could be an answer, with what was looked for).
[[nodiscard]] Result<std::unique_ptr<Answerer>> fileAnswerer(const std::filesystem::path& file, const core::ContextTemplates& templates);

} // namespace precedent::workspace
