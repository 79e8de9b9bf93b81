#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"
#include "precedent/core/judge.h"

namespace precedent::workspace {

/// What a head reads of an answer: the mean, over the answer's tokens, of a frozen model's last states, with the request before
/// it in the model's own chat template. Borrowed; thread: one at a time.
class AnswerFeatures {
public:
    AnswerFeatures(core::Model& model, const align::PromptEncoder& encoder)
        : m_model(model)
        , m_encoder(encoder)
    {
        m_templates.openInPrompt = false;
    }

    /// How features are made; a head holds it, and another program's head that says another thing is not read.
    static constexpr const char* kKind = "answer mean 1";
    /// An answer's tokens past these are not read.
    static constexpr std::size_t kMostTokens = 1024;

    [[nodiscard]] std::int64_t width() const { return m_model.info().hiddenSize; }

    /// [N, width()], a row a question. `observer`, where given, is told how many are done. Fails as Model::pooledStates().
    [[nodiscard]] Result<std::vector<float>> of(
        const std::vector<core::JudgeQuestion>& questions, const core::JudgedObserver& observer, const std::stop_token& stop);

private:
    /// Ids of a request's prompt and of the answer after it.
    struct Ids {
        std::vector<int> prompt;
        std::vector<int> whole;
    };
    [[nodiscard]] Result<Ids> idsOf(const core::JudgeQuestion& question) const;
    [[nodiscard]] Status addRows(const std::vector<Ids>& some, std::vector<float>& rows, const std::stop_token& stop);

    core::Model& m_model;
    const align::PromptEncoder& m_encoder;
    core::ContextTemplates m_templates;
};

} // namespace precedent::workspace
